#!/usr/bin/env python3
"""Drives the real window with xdotool, by the names that `orrery view --ui-dump` tells, under Xvfb.

Usage: window_test.py PROGRAM. Not driven yet: opening by path, mouse drags in the scene, R and F11; dropping a file
on the window cannot be simulated with xdotool."""
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


def key(name):
    xdotool("key", name)


def hold(name):
    """A key as a hand presses it: ImGui 1.86 looks once a frame which keys are down."""
    for part in name.split("+"):
        xdotool("keydown", part)
        time.sleep(0.15)
    for part in reversed(name.split("+")):
        xdotool("keyup", part)
    time.sleep(0.15)


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
    key("g")
    wait("landed", lambda s: not s["flying"])
    key("comma")
    key("comma")
    wait("an operation is at work", lambda s: s["step"] < count - 1)
    camera = look()["state"]["camera"]
    key("f")
    wait("F frames the operation", lambda s: s["camera"] != camera)
    key("ctrl+2")
    wait("a camera stop is stored", lambda s: any("2 stored" in n for n in s["notices"]))
    key("Home")
    time.sleep(1)
    key("2")
    wait("and gone to", lambda s: s["camera"] != camera)
    key("F12")
    wait("a picture is saved", lambda s: any("Picture saved" in n for n in s["notices"]))
    assert [name for name in os.listdir(folder) if name.endswith(".png")], "no PNG was written"
    click("prompt")
    hold("ctrl+a")
    xdotool("type", "--delay", "150", "CAB?")
    wait("an unknown letter is told", lambda s: "?" in s["problem"])
    hold("BackSpace")
    hold("h")  # typed, not help
    wait("keys write while a text field has the focus", lambda s: s["prompt"].endswith("h") and not s["help"])
    hold("BackSpace")
    hold("Return")
    wait("a new run", lambda s: s["prompt"] == "CAB" and s["problem"] == "" and s["published"] > 0)
    xdotool("windowsize", window, 1, 1)
    time.sleep(0.5)
    xdotool("windowsize", window, 1000, 700)
    time.sleep(1)
    click("models")
    wait("the model chooser", lambda s: s["models_page"])
    click("model_shakespeare")
    wait("another model", lambda s: s["model"] == "shakespeare" and s.get("published", 0) > 0)
    print("the window does all of this")
finally:
    process.terminate()
    process.wait(10)
