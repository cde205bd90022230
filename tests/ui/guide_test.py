#!/usr/bin/env python3
"""The tour, the window by keyboard alone, and the page on positions: drives the real window under Xvfb.

Usage: guide_test.py PROGRAM."""
import json, os, sys

from journey import Journey

with Journey(sys.argv[1], "-m", "sort-abc", "-p", "CBABBC", "--tour") as j:
    # The tour: by mouse and by keys, to its end, and again from Help.
    j.wait("the tour begins", lambda s: s["tour"] == 0)
    j.focus()
    j.wait("it runs the model once", lambda s: not s["moving"] and s["step"] == s["steps_a_pass"] - 2)
    camera = j.state()["camera"]
    j.click("tour_next")
    j.wait("the second stop is gone to", lambda s: s["tour"] == 1 and s["camera"] != camera)
    j.key("Right")
    j.wait("the right arrow goes on", lambda s: s["tour"] == 2)
    j.key("Left")
    j.wait("the left arrow goes back", lambda s: s["tour"] == 1)
    j.click("tour_stop_3")
    j.wait("a stop can be chosen", lambda s: s["tour"] == 3)
    j.key("Return")
    j.wait("Enter goes on to the last", lambda s: s["tour"] == 4)
    j.key("Return")
    j.wait("and to the end", lambda s: s["tour"] == -1)
    j.key("h")
    j.click("start_tour")
    j.wait("Help has the tour again", lambda s: s["tour"] == 0 and not s["help"])
    j.click("tour_skip")
    j.wait("it can be skipped", lambda s: s["tour"] == -1)
    j.click("play")
    j.key("Right")
    j.wait("the arrows are the run's again", lambda s: not s["moving"] and s["position"] % s["steps_a_pass"] == 0)
    with open(os.path.join(j.folder, "orrery", "settings.json")) as file:
        assert json.load(file)["tour_seen"], "the settings remember it"

    # By keyboard alone: the scene and its cells.
    def tab_to(name, key="Tab"):
        for _ in range(120):
            if j.state()["focus"] == name:
                return
            j.key(key)
        sys.exit(f"{key} does not come to {name}, but to {j.state()['focus']}")

    tab_to("scene")
    j.key("Down")
    j.wait("an arrow selects a cell", lambda s: s["selected_cell"] is not None)
    before = j.state()["selected_cell"]
    j.key("Right")
    j.wait("and the next", lambda s: s["selected_cell"] == [before[0], before[1], before[2] + 1])
    position = j.state()["position"]
    j.key("Return")
    j.wait("Enter pins it", lambda s: s["cards"][0]["cell"] == s["selected_cell"])
    j.key("ctrl+c")
    j.wait("it is copied as text", lambda s: s["copied"].startswith("{} [{}, {}]".format(*s["selected_cell"])))
    value = j.state()["cards"][0]["value"]
    assert f"The number: {value:.9g}" in j.state()["copied"], j.state()["copied"]
    assert "Recomputed: " in j.state()["copied"]
    assert j.state()["position"] == position, "the arrows moved the cell, not the run"

    # Widgets: press, choose within a page, move a slider.
    tab_to("play")
    j.key("space")
    j.wait("Space presses a button", lambda s: s["playing"])
    j.key("Return")
    j.wait("and so does Enter", lambda s: not s["playing"])
    tab_to("settings", "shift+Tab")
    j.key("Return")
    j.wait("a page opens", lambda s: s["settings_page"])
    tab_to("theme_light")
    j.key("Return")
    j.wait("a choice in it", lambda s: s["theme"] == "light")
    tab_to("reduced_motion")
    j.key("space")
    j.wait("a box is ticked", lambda s: s["reduced_motion"])
    j.key("Escape")
    j.wait("Esc lets go", lambda s: s["focus"] == "" and s["settings_page"])
    j.key("Escape")
    j.wait("and closes the page", lambda s: not s["settings_page"])
    tab_to("scene", "F6")
    j.key("F6")
    j.wait("F6 goes to the next pane", lambda s: s["focus"] == "menu")
    tab_to("penalties", "F6")  # the first of the left pane
    tab_to("temperature")
    temperature = j.state()["temperature"]
    j.key("space")
    for _ in range(3):
        j.key("Right")
    j.key("space")
    j.wait("an arrow moves a slider", lambda s: s["temperature"] > temperature)

    # What a mouse would drag: the line between panes, the timeline's bars.
    tab_to("left_splitter")
    width = j.state()["left_width"]
    for _ in range(3):
        j.key("Right")
    j.wait("arrows move a pane's edge", lambda s: s["left_width"] == width + 12)
    j.key("shift+Left")
    j.wait("with Shift ten times as far", lambda s: s["left_width"] == max(180, width - 28))
    assert j.state()["focus"] == "left_splitter", "it keeps the keyboard"
    tab_to("timeline_steps")
    position = int(j.state()["position"])  # it was stopped in the middle of an operation
    j.key("Right")
    j.key("Right")
    j.wait("arrows step along the operations", lambda s: not s["moving"] and s["position"] == position + 2)
    j.key("Left")
    j.wait("and back", lambda s: not s["moving"] and s["position"] == position + 1)
    assert j.state()["focus"] == "timeline_steps", "it keeps the keyboard"
    tab_to("timeline_tokens")
    j.key("Left")
    j.wait("on the other bar along the tokens", lambda s: not s["moving"] and s["position"] % s["steps_a_pass"] == 0)
    j.press(*[sum(side) / 2 for side in zip(j.look()["widgets"]["scene"][:2], j.look()["widgets"]["scene"][2:])])
    j.wait("the mouse takes over", lambda s: s["focus"] == "")

    # The page on positions.
    j.key("ctrl+p")
    j.wait("the finder opens", lambda s: s["finder"])
    j.wait("it takes the keyboard", lambda s: s["writing"])
    j.xdotool("type", "--delay", "150", "places")
    j.settled(lambda seen: seen["widgets"].get("found_0"))
    j.key("Return")
    j.wait("Enter opens the page", lambda s: s["positions_page"] and s["positions_chosen"] == 0)
    assert j.state()["positions_trained"] == 11, "it starts with the model's own context"
    j.click("position_5")
    j.wait("another scheme is chosen", lambda s: s["positions_chosen"] == 5)
    tab_to("positions_trained")
    j.key("space")
    for _ in range(3):
        j.key("Right")
    j.wait("its trained length follows the slider", lambda s: s["positions_trained"] > 11)
    j.key("space")
    j.settled(lambda seen: seen["widgets"].get("position_slopes"))
    j.key("Escape")
    j.key("Escape")
    j.wait("Esc lets go and closes the page", lambda s: not s["positions_page"])
    print("a newcomer finds the way, with the keyboard alone")
