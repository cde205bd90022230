#!/usr/bin/env python3
"""Cards, the making of a cell, the finder: drives the real window under Xvfb.

Usage: explain_test.py PROGRAM. What is copied to the clipboard is not read back here: a CPU test compares the text."""
import sys, time

from journey import Journey

with Journey(sys.argv[1], "-m", "sort-abc", "-p", "CBABBC") as j:
    j.wait("the first run plays", lambda s: s["model"] == "sort-abc" and s["position"] > 10)
    j.focus()
    j.click("play")
    j.wait("it pauses", lambda s: not s["playing"])
    j.key("Right")
    j.wait("it rests after a token", lambda s: not s["moving"] and s["position"] % s["steps_a_pass"] == 0)

    # The finder.
    camera = j.state()["camera"]
    j.key("ctrl+p")
    j.wait("the finder opens", lambda s: s["finder"])
    j.settled(lambda seen: seen["widgets"].get("find"))
    j.xdotool("type", "--delay", "150", "1 scores head0")
    time.sleep(0.5)
    j.xdotool("keydown", "Return")
    time.sleep(0.3)
    j.xdotool("keyup", "Return")
    j.wait("Enter flies there", lambda s: not s["finder"] and s["camera"] != camera)

    # Hover, pin, walk upstream to a weight, downstream, and back.
    scores = "blocks.1.attn.hook_attn_scores.head0"
    j.xdotool("mousemove", *map(int, j.cell(scores, 4, 1)))
    j.wait("the cell under the mouse is the one that was aimed at", lambda s: s["hovered_cell"] == [scores, 4, 1])
    j.settled(lambda seen: seen["widgets"].get("hover_card"))
    j.press(*j.cell(scores, 4, 1))
    j.wait("a click pins its card", lambda s: s["cards"][0]["cell"] == [scores, 4, 1] and s["cards"][0]["known"])
    assert j.state()["cards"][0]["difference"] < 1e-5
    j.click("card1_term_0_0_0")
    j.wait("an operand leads to the query", lambda s: s["cards"][0]["cell"] == ["blocks.1.attn.hook_q.head0", 4, 0])
    j.click("card1_term_0_0_1")
    j.wait("and on to a weight", lambda s: s["cards"][0]["cell"] == ["blocks.1.attn.W_Q.head0", 0, 0])
    assert j.state()["cards"][0]["trail"] == 2
    j.click("card1_readers")
    j.click("card1_reader_0")
    j.wait("who reads the weight", lambda s: s["cards"][0]["cell"][0] == "blocks.1.attn.hook_q.head0")
    for left in (2, 1, 0):
        j.click("card1_back")
        j.wait(f"back, {left} to go", lambda s: s["cards"][0]["trail"] == left)
    assert j.state()["cards"][0]["cell"] == [scores, 4, 1]
    j.click("card1_copy")
    j.wait("it can be copied", lambda s: any("copied" in notice for notice in s["notices"]))
    j.key("Escape")

    # Its making, term by term.
    j.click("card1_replay")
    j.wait("the terms come one by one", lambda s: s["replayed"] == 1 and 0 < s["replay"] < 1 and " of " in s["caption"])
    j.key("Escape")
    j.wait("Esc ends that", lambda s: s["replayed"] == -1)

    # A second card, by keyboard: of the cell below, staying with the newest token.
    j.key("shift+Down")
    j.wait("Shift and an arrow select the next cell", lambda s: s["selected_cell"] == [scores, 5, 1])
    j.key("Return")
    j.wait("Enter pins it", lambda s: len(s["cards"]) == 2 and s["cards"][1]["cell"] == [scores, 5, 1])
    before = j.state()["cards"][1]["value"]
    j.click("card2_newest")
    j.wait("it moves to the newest token", lambda s: s["cards"][1]["cell"][1] > 5)
    row = j.state()["cards"][1]["cell"][1]
    j.key("Right")
    j.wait("and with it", lambda s: s["cards"][1]["cell"][1] == row + 1 and s["cards"][1]["value"] != before)
    assert j.state()["cards"][0]["cell"] == [scores, 4, 1], "the first card stays"

    # Slow, backwards, and one term at a time.
    for _ in range(12):
        j.key("bracketleft")
    j.wait("one term a second", lambda s: s["pace"] == 0 and s["speed"] == 1)
    j.key("comma")
    j.wait("an operation is complete", lambda s: not s["moving"] and s["step"] < s["steps_a_pass"] - 1)
    camera = j.state()["camera"]
    j.click("caption_name_0")
    j.wait("a click on a name flies there", lambda s: s["camera"] != camera)
    at = j.state()["position"]
    j.key("shift+comma")
    j.wait("one term back", lambda s: at - 0.1 < s["position"] < at)
    at = j.state()["position"]
    j.key("shift+period")
    j.wait("one term on", lambda s: at < s["position"] < at + 0.1)
    at = j.state()["position"]
    j.key("shift+space")
    j.wait("backwards", lambda s: s["backwards"] and at - 1 < s["position"] < at)
    j.key("space")
    j.wait("and rest", lambda s: not s["playing"] and not s["backwards"])
    for left in (1, 0):
        j.key("Escape")
        while len(j.state()["cards"]) > left:
            time.sleep(0.3)
            j.key("Escape")
    j.wait("Esc closes the cards, the newest first", lambda s: s["cards"] == [])

    # Attention as arcs between the tokens, of all and of the row that is pointed at; the lens beside the stream.
    assert j.state()["arcs_shown"] == 0 and j.state()["lens_rows"] == 0
    j.xdotool("mousemove", 4, 4)
    j.key("Home")
    j.key("t")
    j.wait("arcs of the chosen head", lambda s: s["arcs"] == 1 and s["arcs_shown"] > 5)
    every = j.state()["arcs_shown"]
    j.key("shift+t")
    j.wait("arcs of its layer", lambda s: s["arcs"] == 2 and s["arcs_shown"] > 5)
    j.key("t")
    j.wait("and of the head again", lambda s: s["arcs"] == 1 and s["arcs_shown"] == every)
    j.settled(lambda seen: seen["tensors"].get("tokens"))
    j.xdotool("mousemove", *map(int, j.cell("tokens", 3, 0)))
    j.wait("those of the token under the mouse alone",
           lambda s: s["hovered_cell"] == ["tokens", 3, 0] and 0 < s["arcs_shown"] < every)
    j.key("t")
    j.wait("none", lambda s: s["arcs"] == 0 and s["arcs_shown"] == 0)
    j.key("l")
    j.wait("ghost columns for every token that is through", lambda s: s["lens_columns"] and s["lens_rows"] >= 6)
    j.key("l")
    j.wait("and none", lambda s: not s["lens_columns"] and s["lens_rows"] == 0)
    print("every number explains itself")
