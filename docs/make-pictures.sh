#!/bin/sh
# Makes the pictures of this folder again. Run from anywhere; needs the built program.
set -eu
cd "$(dirname "$0")/.."
picture() { ./orrery run render "$@"; }
picture -m sort-abc -p CBABBC -o docs/sort-abc-dark.png
picture -m sort-abc -p CBABBC --theme light -o docs/sort-abc-light.png
picture -m sort-abc -p CBABBC --theme light --step blocks.1.attn.hook_pattern --focus blocks.1.attn.hook_pattern \
  -o docs/attention.png
