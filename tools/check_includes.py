#!/usr/bin/env python3
"""Checks the direction of the includes: model knows nothing above it, renderer knows no window, app all."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What each folder may include: our folders, then third-party headers by their beginning. The standard
# library's headers have no dot and no slash.
ALLOWED = {
    "model": (("model/",), ("Eigen/", "nlohmann/", "pcre2.h", "openssl/", "utf8proc.h")),
    "renderer": (("renderer/", "model/"), ("glad/", "glm/", "stb/", "EGL/", "KHR/", "dlfcn.h")),
    # Quoted, because Debian and ImGui's own repository put the backends into different folders.
    "app": (("app/", "renderer/", "model/", "backends/imgui_impl_"), None),
}
# POSIX headers for mapping files and finding the program, in any folder.
SYSTEM = ("sys/", "fcntl.h", "unistd.h", "signal.h", "spawn.h")
NO_THREADS = ("thread", "mutex", "condition_variable", "future")


def problems():
    for folder, (own, foreign) in ALLOWED.items():
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix not in (".cpp", ".h"):
                continue
            name = path.relative_to(ROOT)
            text = path.read_text(encoding="utf-8")
            if path.suffix == ".h" and "#pragma once" not in text:
                yield f"{name}: no #pragma once"
            for number, line in enumerate(text.splitlines(), 1):
                found = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
                if not found:
                    continue
                quote, header = found.groups()
                if quote == '"' and not header.startswith(own):
                    yield f"{name}:{number}: {folder}/ must not include \"{header}\""
                if quote == "<" and foreign is not None and ("." in header or "/" in header):
                    if not header.startswith(foreign + SYSTEM):
                        yield f"{name}:{number}: {folder}/ must not include <{header}>"
                if folder == "renderer" and header in NO_THREADS:
                    yield f"{name}:{number}: renderer/ has no threads, but includes <{header}>"


found = list(problems())
print("\n".join(found) if found else "Every include points down: app, renderer, model.")
sys.exit(1 if found else 0)
