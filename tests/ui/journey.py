"""Drives the real window with xdotool, by the names that `orrery view --ui-dump` tells; needs an X display (Xvfb)."""
import json, os, subprocess, sys, tempfile, time


class Journey:
    """A window of PROGRAM with settings of its own. Everything that does not happen in time ends the script."""

    def __init__(self, program, *arguments):
        self.folder = tempfile.mkdtemp(prefix="orrery-journey-")
        self.dump = os.path.join(self.folder, "ui.json")
        environment = dict(os.environ, XDG_CONFIG_HOME=self.folder, XDG_PICTURES_DIR=self.folder)
        self.process = subprocess.Popen([program, "view", "--ui-dump", self.dump, *arguments], env=environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def look(self):
        try:
            with open(self.dump) as file:
                return json.load(file)
        except (OSError, ValueError):
            return {"state": {}, "widgets": {}, "tensors": {}}

    def state(self):
        return self.look()["state"]

    def wait(self, what, condition, seconds=60):
        end = time.time() + seconds
        while time.time() < end:
            if self.process.poll() is not None:
                sys.exit(f"{what}: the window closed with status {self.process.returncode}")
            try:
                if condition(self.state()):
                    print("ok:", what, flush=True)
                    return
            except (KeyError, IndexError, TypeError):
                pass  # the state does not tell that yet
            time.sleep(0.05)
        sys.exit(f"{what}: did not happen; state: {self.state()}")

    def focus(self):
        window = subprocess.run(["xdotool", "search", "--sync", "--name", "Orrery"], check=True, capture_output=True,
                                text=True).stdout.split()[0]
        self.xdotool("windowfocus", "--sync", window)
        return window

    @staticmethod
    def xdotool(*arguments):
        subprocess.run(["xdotool", *map(str, arguments)], check=True)

    def settled(self, find):
        """What `find` sees once it has stayed the same for some frames."""
        end, before = time.time() + 30, None
        while time.time() < end:
            now = find(self.look())
            if now is not None and now == before:
                return now
            before = now
            time.sleep(0.4)
        sys.exit(f"nothing settled: {sorted(self.look()['widgets'])}")

    def press(self, x, y):
        self.xdotool("mousemove", int(x), int(y))
        time.sleep(0.3)
        self.xdotool("mousedown", 1)
        time.sleep(0.2)
        self.xdotool("mouseup", 1)
        time.sleep(0.3)

    def click(self, name):
        def shown(seen):
            place = seen["widgets"].get(name)
            return place if place and place[0] >= 0 and place[1] >= 0 else None  # a new card waits out of sight

        left, top, right, bottom = self.settled(shown)
        self.press((left + right) / 2, (top + bottom) / 2)

    def cell(self, tensor, row, col):
        """Where a cell of a tensor stands in the window."""
        left, top, right, bottom, rows, cols = self.settled(lambda seen: seen["tensors"].get(tensor))
        return left + (right - left) * col / max(1, cols - 1), top + (bottom - top) * row / max(1, rows - 1)

    def key(self, name):
        self.xdotool("key", name)
        time.sleep(0.2)
