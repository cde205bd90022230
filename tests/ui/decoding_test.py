#!/usr/bin/env python3
"""The pages that show how a text comes about: filters and beams. Drives the real window under Xvfb.

Usage: decoding_test.py PROGRAM."""
import json, subprocess, sys, time

from journey import Journey

PROGRAM = sys.argv[1]
PROMPT = [2, 1, 0, 1, 1, 2]  # CBABBC
found = json.loads(subprocess.run([PROGRAM, "generate", "-p", "CBABBC", "-n", "5", "--beams", "3", "--json"], check=True,
                                  capture_output=True).stdout)
second = found["hypotheses"][1]["ids"]

with Journey(PROGRAM, "-m", "sort-abc", "-p", "CBABBC", "-n", "1", "--temp", "0") as j:
    j.wait("the prompt is read and one token chosen", lambda s: s["ended"] and not s["moving"])
    assert j.state()["tokens"] == PROMPT
    j.focus()
    j.key("i")
    j.wait("the pane opens", lambda s: s["insight"])

    # A filter that is off is a slider; let go, it acts on the next token.
    j.click("page_sampling")
    assert j.state()["no_repeat_ngram"] == 0
    assert "field_no_repeat_ngram" not in j.look()["widgets"]
    left, top, right, bottom = j.settled(lambda seen: seen["widgets"].get("trial_no_repeat_ngram"))
    j.press(left + (right - left) * 0.25, (top + bottom) / 2)  # 0 to 8
    j.wait("a slider sets the filter", lambda s: s["no_repeat_ngram"] == 2)
    j.settled(lambda seen: seen["widgets"].get("field_no_repeat_ngram"))
    j.press(left + 1, (top + bottom) / 2)
    j.wait("and puts it off again", lambda s: s["no_repeat_ngram"] == 0)

    # The order: a stage is dragged over the next one.
    left, top, right, bottom = j.settled(lambda seen: seen["widgets"].get("stage_penalties"))
    assert j.state()["first_filter"] == "penalties"
    x, y = int((left + right) / 2), int((top + bottom) / 2)
    j.xdotool("mousemove", x, y)
    time.sleep(0.3)
    j.xdotool("mousedown", 1)
    for way in (10, 20, 30, 38):
        j.xdotool("mousemove", x, y + way)
        time.sleep(0.2)
    j.xdotool("mouseup", 1)
    j.wait("it changes places with it", lambda s: s["first_filter"] == "no_repeat_ngram")

    # Beams: what the command finds stands there, and a click makes it the text.
    j.click("page_beams")
    j.settled(lambda seen: seen["widgets"].get("beam_node_0"))
    j.click("hypothesis_1")
    j.wait("another recording begins", lambda s: not s["ended"])
    j.click("play")
    j.wait("its tokens are those of the second text",
           lambda s: s["ended"] and not s["moving"] and s["tokens"] == PROMPT + second[:-1] and s["passes"] == 5)
print("all journeys ended well")
