#!/bin/sh
# Says which C++ files clang-format would change. The formatter's version matters: 14, as in Debian 12.
cd "$(dirname "$0")/.." || exit 1
formatter=
for candidate in clang-format-14 clang-format; do
  if command -v "$candidate" >/dev/null && "$candidate" --version | grep -q ' 14\.'; then
    formatter=$candidate
    break
  fi
done
if [ -z "$formatter" ]; then
  echo "Skipped: the format is that of clang-format 14, which is not installed here."
  exit 77
fi
find app model renderer tests fuzz \( -name '*.cpp' -o -name '*.h' \) -print 2>/dev/null |
  xargs "$formatter" --dry-run --Werror
