#!/usr/bin/env python3
"""Every panel, page and op's animation looks as it did when somebody last looked at it (tests/golden/).

golden_test.py PROGRAM            compares
golden_test.py PROGRAM --update   makes the pictures anew: look at each before it is committed

The same renderer, fonts and ImGui draw the same bytes. A little may differ between processors: at most 0.5/255 on
average and 0.1 % of the pixels by more than 8. Elsewhere the pictures cannot be compared, and the test is skipped."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
PACKAGES = ["libgl1-mesa-dri", "libimgui-dev", "fonts-noto-core", "fonts-noto-cjk"]


def drawn_with():
    """The upstream versions of what draws: package by package, a line each."""
    try:
        shown = "${Package} ${source:Upstream-Version}\n"
        asked = subprocess.run(["dpkg-query", "-W", "-f", shown, *PACKAGES], capture_output=True, text=True, check=True)
        return asked.stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def draw(picture, file):
    done = subprocess.run([PROGRAM, "render", *picture["arguments"], "-o", file], capture_output=True, text=True,
                          check=False, timeout=300)
    if "EGL failed" in done.stderr:
        print("skipped: no OpenGL 3.3 here")
        sys.exit(77)
    assert done.returncode == 0, done.stderr


def cut(picture, file, *output):
    """What of a picture is compared, through ffmpeg: a part of it, or all of it made smaller."""
    filters = ["crop={}:{}:{}:{}".format(*picture["crop"])] if "crop" in picture else []
    filters += ["scale={}:{}:flags=area".format(*picture["scale"])] if "scale" in picture else []
    change = ["-vf", ",".join(filters)] if filters else []
    return subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", file, *change, *output], check=True,
                          capture_output=True).stdout


def pixels(picture, file):
    return cut(picture, file, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")


def difference(here, golden):
    """None if they look alike; else what differs."""
    if here == golden:
        return None
    if len(here) != len(golden):
        return "another size"
    off = [abs(a - b) for a, b in zip(here, golden)]
    mean, many = sum(off) / len(off), sum(1 for i in range(0, len(off), 3) if max(off[i:i + 3]) > 8) * 3 / len(off)
    return None if mean <= 0.5 and many <= 0.001 else f"mean {mean:.3f}/255, {many:.2%} of the pixels by more than 8"


def main():
    pictures = json.loads((GOLDEN / "pictures.json").read_text())
    update, here = "--update" in sys.argv, drawn_with()
    if not shutil.which("ffmpeg"):
        print("skipped: no ffmpeg here")
        sys.exit(77)
    if update:
        (GOLDEN / "drawn-with.txt").write_text(here)
    elif here != (GOLDEN / "drawn-with.txt").read_text():
        print("skipped: these pictures were drawn with\n" + (GOLDEN / "drawn-with.txt").read_text() + "here there is\n" + here)
        sys.exit(77)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, picture in pictures.items():
            file, golden = pathlib.Path(folder) / (name + ".png"), GOLDEN / (name + ".png")
            draw(picture, file)
            if update:
                cut(picture, file, str(golden))
                continue
            bare = {"arguments": []}
            wrong = difference(pixels(picture, file), pixels(bare, golden)) if golden.exists() else "no golden picture"
            if wrong:
                failed += 1
                kept = pathlib.Path(tempfile.gettempdir()) / f"orrery-golden-{name}.png"
                shutil.copy(file, kept)
                print(f"{name}: {wrong}; see {kept}")
    assert len(pictures) >= 10
    print(f"{len(pictures)} pictures, {failed} differ")
    sys.exit(1 if failed else 0)


main()
