#!/bin/sh
# Makes the pictures of this folder again. Run from anywhere; needs the built program.
set -eu
cd "$(dirname "$0")/.."
picture() { ./orrery run render "$@"; }
picture -m sort-abc -p CBABBC -o docs/sort-abc-dark.png
picture -m sort-abc -p CBABBC --theme light -o docs/sort-abc-light.png
picture -m sort-abc -p CBABBC --theme light --step blocks.1.attn.hook_pattern --focus blocks.1.attn.hook_pattern \
  -o docs/attention.png
window() { picture -m sort-abc -p CBABBC --window "$@"; }
window --action insight_attention --head L1H1 -o docs/walk-attention.png
window --action insight_why --head L1H1 -o docs/walk-why.png
window --card blocks.1.attn.hook_attn_scores.head1:5:2 --card blocks.1.attn.hook_q.head1:5:0 -o docs/walk-cards.png
