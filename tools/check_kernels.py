#!/usr/bin/env python3
"""Whatever leaves the object files that are compiled for newer processors has a name of its own, so that the linker
cannot take it for the baseline's. Usage: check_kernels.py PART_OF_NAMESPACES OBJECT..."""
import re
import subprocess
import sys

own, objects = sys.argv[1], sys.argv[2:]
try:
    found = subprocess.run(["nm", "--demangle", "--defined-only", "--extern-only", *objects], check=True,
                           capture_output=True, text=True).stdout
except FileNotFoundError:
    print("nm is missing")
    sys.exit(77)
symbols = re.findall(r"^[0-9a-f]+ [A-Za-z] (.*)$", found, re.MULTILINE)
symbols = [symbol for symbol in symbols if not symbol.startswith("DW.ref.")]  # a pointer, no code
foreign = [symbol for symbol in symbols if own.lower() not in symbol.lower()]
for symbol in foreign:
    print(f"{symbol}: the linker may take this for the code that every processor runs")
if not symbols:
    print("no symbols: nothing was checked")
sys.exit(bool(foreign) or not symbols)
