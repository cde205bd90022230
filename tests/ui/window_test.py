#!/usr/bin/env python3
"""Drives the real window with xdotool, by the names that `orrery view --ui-dump` tells, under Xvfb.

Usage: window_test.py PROGRAM. Dropping a file on the window cannot be simulated with xdotool."""
import json, os, subprocess, sys, tempfile, time

PROGRAM = sys.argv[1]
folder = tempfile.mkdtemp(prefix="orrery-journey-")
dump = os.path.join(folder, "ui.json")
environment = dict(os.environ, XDG_CONFIG_HOME=folder, XDG_PICTURES_DIR=folder)


def look():
    try:
        with open(dump) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {"state": {}, "widgets": {}}


def wait(what, condition, seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        if process.poll() is not None:
            sys.exit(f"{what}: the window closed with status {process.returncode}")
        if condition(look()["state"]):
            print("ok:", what, flush=True)
            return
        time.sleep(0.05)
    sys.exit(f"{what}: did not happen; state: {look()['state']}")


def xdotool(*arguments):
    subprocess.run(["xdotool", *map(str, arguments)], check=True)


def click(name, part=0.5):
    end = time.time() + 30
    while name not in look()["widgets"] and time.time() < end:
        time.sleep(0.05)
    before = None  # a page that has just opened finds its place within some frames
    while before != look()["widgets"].get(name) and time.time() < end:
        before = look()["widgets"].get(name)
        time.sleep(0.4)
    left, top, right, bottom = before
    xdotool("mousemove", int(left + (right - left) * part), int((top + bottom) / 2))
    time.sleep(0.3)
    xdotool("mousedown", 1)
    time.sleep(0.2)
    xdotool("mouseup", 1)
    time.sleep(0.3)


def drag(name, part, way, button=1, modifier=None):
    """From the middle of a widget (`part` of its width) by `way` pixels."""
    left, top, right, bottom = look()["widgets"][name]
    x, y = left + (right - left) * part, (top + bottom) / 2
    xdotool("mousemove", int(x), int(y))
    time.sleep(0.3)
    if modifier:
        xdotool("keydown", modifier)
    xdotool("mousedown", button)
    for i in range(1, 6):
        xdotool("mousemove", int(x + way[0] * i / 5), int(y + way[1] * i / 5))
        time.sleep(0.15)
    xdotool("mouseup", button)
    if modifier:
        xdotool("keyup", modifier)
    time.sleep(0.3)


def camera():
    """The camera's numbers: target x, y, z, yaw, pitch, distance."""
    words = look()["state"]["camera"].split()
    return [float(words[i]) for i in (0, 1, 2, 4, 6, 8)]


def key(name):
    xdotool("key", name)


process = subprocess.Popen([PROGRAM, "view", "-m", "sort-abc", "--ui-dump", dump], env=environment)
try:
    wait("the first run plays", lambda s: s.get("model") == "sort-abc" and s.get("position", 0) > 10)
    window = subprocess.run(["xdotool", "search", "--sync", "--name", "Orrery"], check=True, capture_output=True,
                            text=True).stdout.split()[0]
    xdotool("windowfocus", "--sync", window)
    click("play")
    wait("the button pauses", lambda s: not s["playing"])
    key("Right")
    count = look()["state"]["steps_a_pass"]
    wait("one token on ends between passes", lambda s: not s["moving"] and s["position"] % count == 0)
    at = look()["state"]["position"]
    key("comma")
    wait("one operation back", lambda s: s["position"] == at - 1 and not s["live"])
    key("period")
    wait("one operation on", lambda s: s["position"] == at and not s["moving"])
    key("Prior")
    wait("one layer back", lambda s: s["position"] < at)
    key("Next")
    wait("one layer on", lambda s: not s["moving"] and s["position"] >= at - 1)
    speed = look()["state"]["speed"]
    key("bracketright")
    wait("faster", lambda s: s["speed"] == speed * 2)
    key("bracketleft")
    wait("slower", lambda s: s["speed"] == speed)
    click("timeline_steps", 0.5)
    wait("the timeline scrubs", lambda s: 0.4 < s["position"] % count / count < 0.6)
    click("to_start")
    wait("back to the start", lambda s: s["position"] == 0)
    key("Right")
    wait("the prompt is read", lambda s: not s["moving"] and s["position"] == count)
    other = look()["state"]["second"]
    click("prediction_1")
    wait("a token is forced", lambda s: s.get("tokens") is not None and s["position"] >= count)
    key("Right")
    wait("and the model goes on from it", lambda s: s.get("tokens", [])[-1:] == [other])
    click("settings")
    click("theme_light")
    wait("light theme", lambda s: s["theme"] == "light")
    click("language_zh-Hant")
    wait("Traditional Chinese", lambda s: s["language"] == "zh-Hant")
    key("Escape")
    wait("Esc closes the settings", lambda s: not s["settings_page"])
    key("h")
    wait("help", lambda s: s["help"])
    key("h")
    wait("help closes", lambda s: not s["help"])
    key("p")
    wait("presenter mode", lambda s: s["presenter"])
    key("p")
    wait("and back", lambda s: not s["presenter"])
    key("g")
    wait("flying", lambda s: s["flying"])
    for letter in "wasdqe":
        here = camera()
        xdotool("keydown", letter)
        wait(f"{letter} flies", lambda s: camera()[:3] != here[:3])
        xdotool("keyup", letter)
    key("g")
    wait("landed", lambda s: not s["flying"])
    key("comma")
    key("comma")
    wait("an operation is at work", lambda s: s["step"] < count - 1)
    camera_home = look()["state"]["camera"]
    key("f")
    wait("F frames the operation", lambda s: s["camera"] != camera_home)
    key("ctrl+2")
    wait("a camera stop is stored", lambda s: any("2 stored" in n for n in s["notices"]))
    key("Home")
    time.sleep(1)
    key("2")
    wait("and gone to", lambda s: s["camera"] != camera_home)
    key("Home")
    time.sleep(1)
    key("3")
    wait("a part of the model is gone to", lambda s: s["camera"] != camera_home)
    time.sleep(1)
    before = camera()
    drag("scene", 0.5, (90, 0))
    assert camera()[3] != before[3] and camera()[5] == before[5], "a left drag turns"
    before = camera()
    drag("scene", 0.5, (60, 30), button=3)
    assert camera()[3:] == before[3:] and camera()[:2] != before[:2], "a right drag moves sideways"
    before = camera()
    drag("scene", 0.5, (60, 30), modifier="shift")
    assert camera()[3:] == before[3:] and camera()[:2] != before[:2], "Shift and left drag moves sideways"
    before = camera()
    xdotool("click", "--repeat", 3, "--delay", 150, 4)
    wait("the wheel comes closer", lambda s: camera()[5] < before[5] * 0.75)
    key("Home")
    key("F12")
    wait("a picture is saved", lambda s: any("Picture saved" in n for n in s["notices"]))
    assert [name for name in os.listdir(folder) if name.endswith(".png")], "no PNG was written"
    click("prompt")
    wait("the prompt takes the keyboard", lambda s: s["writing"])
    key("ctrl+a")
    time.sleep(0.5)
    xdotool("type", "--delay", "150", "CAB?")
    wait("an unknown letter is told", lambda s: "?" in s["problem"])
    key("BackSpace")  # ImGui 1.86 takes letters before keys where one frame gets both
    wait("backspace", lambda s: s["prompt"] == "CAB")
    key("h")  # typed, not help
    wait("keys write while a text field has the focus", lambda s: s["prompt"].endswith("h") and not s["help"])
    key("BackSpace")
    wait("backspace again", lambda s: s["prompt"] == "CAB")
    key("Return")
    wait("a new run", lambda s: s["prompt"] == "CAB" and s["problem"] == "" and s["published"] > 0)
    xdotool("windowsize", window, 1, 1)
    time.sleep(0.5)
    xdotool("windowsize", window, 1000, 700)
    time.sleep(1)
    click("models")
    wait("the model chooser", lambda s: s["models_page"])
    click("model_shakespeare")
    wait("another model", lambda s: s["model"] == "shakespeare" and s.get("published", 0) > 0)
    played = look()["state"]["position"]
    key("r")
    wait("R runs the same again", lambda s: s["playing"] and s["position"] < max(played, 30))
    key("space")
    click("menu")
    wait("the menu", lambda s: s["menu"])
    click("menu_right_pane")
    wait("the right pane is hidden", lambda s: not s["right_open"] and not s["menu"])
    click("right_pane")
    wait("and shown", lambda s: s["right_open"])
    width = look()["state"]["left_width"]
    drag("left_splitter", 0.5, (60, 0))
    wait("a splitter is dragged", lambda s: s["left_width"] > width + 30)
    click("range_row")
    wait("colours by row", lambda s: s["range"] == 1)
    key("F11")
    wait("full screen", lambda s: s["full_screen"])
    key("F11")
    wait("and a window again", lambda s: not s["full_screen"])
    click("models")
    wait("the model chooser again", lambda s: s["models_page"])
    click("model_path")
    wait("the path takes the keyboard", lambda s: s["writing"])
    xdotool("type", "--delay", "60", os.path.join(os.getcwd(), "tests/reference/nanogpt"))
    time.sleep(0.5)
    key("Return")
    wait("a model is opened by its path", lambda s: s["model"] == "nanogpt" and s.get("published", 0) > 0)
    click("models")
    click("model_path")
    wait("the path takes the keyboard", lambda s: s["writing"])
    key("ctrl+a")
    time.sleep(0.5)
    xdotool("type", "--delay", "60", "/no/such/model")
    time.sleep(0.5)
    key("Return")
    wait("a model that is not there is told", lambda s: any("/no/such/model" in n for n in s["notices"]))
    wait("and the one before stays", lambda s: s["model"] == "nanogpt")
    print("the window does all of this")
finally:
    process.terminate()
    process.wait(10)
