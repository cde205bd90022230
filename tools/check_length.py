#!/usr/bin/env python3
"""Checks that no source file is longer than 600 lines, and says how long they are."""
import pathlib
import statistics
import sys

CAP = 600
ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("app", "model", "renderer", "shaders", "tests", "fuzz", "tools", "assets")
SUFFIXES = (".cpp", ".h", ".py", ".sh", ".vert", ".frag", ".glsl", ".cmake")

lengths = {}
for folder in FOLDERS:
    for path in (ROOT / folder).rglob("*"):
        if path.suffix in SUFFIXES and path.is_file():
            lengths[path.relative_to(ROOT)] = path.read_text(encoding="utf-8").count("\n")
long = {path: lines for path, lines in lengths.items() if lines > CAP}
for path, lines in sorted(long.items()):
    print(f"{path}: {lines} lines, {CAP} are allowed")
print(f"{len(lengths)} files, median {statistics.median(lengths.values()):.0f} lines, "
      f"longest {max(lengths.values())}")
sys.exit(1 if long else 0)
