#!/usr/bin/env python3
"""Pictures and films without a display, and what is said where they cannot be made."""
import resource
import shutil
import struct
import subprocess
import zlib

import support
from support import ProgramTest, main


def read_png(path):
    """Width, height and rows of RGB(A) bytes (8 bits, not interlaced)."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    place, packed, width, height, channels = 8, b"", 0, 0, 0
    while place < len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        body = data[place + 8:place + 8 + size]
        if kind == b"IHDR":
            width, height, bits, colour = struct.unpack_from(">IIBB", body)
            assert bits == 8
            channels = {2: 3, 6: 4}[colour]
        elif kind == b"IDAT":
            packed += body
        place += 12 + size
    raw, stride = zlib.decompress(packed), width * channels
    rows, before = [], bytes(stride)
    for y in range(height):
        kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride):
            left = line[x - channels] if x >= channels else 0
            up, corner = before[x], before[x - channels] if x >= channels else 0
            guess = left + up - corner
            paeth = min((left, up, corner), key=lambda value, guess=guess: abs(guess - value))
            line[x] = (line[x] + (0, left, up, (left + up) // 2, paeth)[kind]) & 255
        rows.append(bytes(line))
        before = line
    return width, height, channels, rows


class Render(ProgramTest):
    def setUp(self):
        super().setUp()
        if b"EGL failed" in support.run("render", "-p", "A", "--size", "8x8", "-o", self.folder / "try.png").stderr:
            self.skipTest("no OpenGL 3.3 here")

    def picture(self, name, *arguments):
        file = self.folder / name
        self.assertEqual(self.succeeds("render", "-p", "CBABBC", "-o", file, *arguments), b"")
        return read_png(file)

    def test_a_picture_shows_the_model_and_is_the_same_again(self):
        width, height, channels, rows = self.picture("a.png", "--size", "320x180")
        self.assertEqual((width, height), (320, 180))
        colours = {row[x:x + 3] for row in rows for x in range(0, len(row), channels)}
        self.assertGreater(len(colours), 1000)
        self.assertEqual(self.picture("b.png", "--size", "320x180")[3], rows)
        self.assertNotEqual(self.picture("c.png", "--size", "320x180", "--theme", "light")[3], rows)
        self.assertNotEqual(self.picture("d.png", "--size", "320x180", "--focus", "logits")[3], rows)
        self.assertNotEqual(self.picture("e.png", "--size", "320x180", "--token", "2")[3], rows)
        self.assertNotEqual(self.picture("f.png", "--size", "320x180", "--step", "blocks.0.attn.hook_q")[3], rows)

    def test_the_window_is_drawn_without_a_display(self):
        def window(name, *arguments):
            self.succeeds("render", "-p", "CBABBC", "--window", "--size", "960x540", "-o", self.folder / name, *arguments)
            return (self.folder / name).read_bytes()

        file = window("window.png")
        self.assertEqual(struct.unpack_from(">II", file, 16), (960, 540))
        self.assertEqual(window("again.png"), file)
        for name, arguments in {"page": ("--action", "help"), "tokens": ("--action", "tokenizer"),
                                "pane": ("--action", "insight_attention"),
                                "head": ("--action", "insight_attention", "--head", "L2H1"),
                                "card": ("--card", "blocks.0.attn.hook_q:2:3"), "earlier": ("--token", "2")}.items():
            self.assertNotEqual(window(name + ".png", *arguments), file, name)

    def test_arcs_and_ghost_columns(self):
        plain = self.picture("a.png", "--size", "640x360")[3]
        head = self.picture("b.png", "--size", "640x360", "--arcs", "L1H2")[3]
        self.assertNotEqual(head, plain)
        self.assertNotEqual(self.picture("c.png", "--size", "640x360", "--arcs", "L1")[3], head)
        self.assertNotEqual(self.picture("d.png", "--size", "640x360", "--arcs", "L1H2:3")[3], head)
        self.assertNotEqual(self.picture("e.png", "--size", "640x360", "--lens")[3], plain)

    def test_one_pixel(self):
        self.assertEqual(self.picture("one.png", "--size", "1x1")[:2], (1, 1))

    def test_without_a_display_the_main_view_goes_to_a_file(self):
        result = subprocess.run([support.PROGRAM], cwd=self.folder, capture_output=True, check=False, timeout=120,
                                env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder)})
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(b"no display", result.stderr)
        self.assertEqual(read_png(self.folder / "orrery.png")[:2], (1280, 720))

    def test_a_film(self):
        if not shutil.which("ffprobe"):
            self.skipTest("no ffprobe here")
        file = self.folder / "film.mp4"
        self.succeeds("render", "-p", "CBABBC", "-n", 2, "--size", "160x90", "--seconds", 1, "--fps", 12, "-o", file)
        probe = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-show_entries",
                                "stream=width,height,nb_read_frames", "-of", "csv=p=0", str(file)],
                               capture_output=True, check=True, timeout=60)
        self.assertEqual(probe.stdout.strip(), b"160,90,12")

    def test_a_full_disk(self):
        more = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)), "restore_signals": False}
        file = self.folder / "a.png"
        for window in ([], ["--window"]):
            self.fails("render", "-p", "CBABBC", "--size", "320x180", *window, "-o", file,
                       words=[f"{file} cannot be written: File too large"], **more)
        self.assertEqual(list(self.folder.glob("a*")), [])

    def test_failures(self):
        self.fails("render", "-p", "A", "-o", self.folder / "a.mp4", words=["ffmpeg"], env={"PATH": "/nonexistent"})
        self.fails("render", "-p", "A", "-o", self.folder / "a.png", words=["OpenGL 3.3"],
                   env={"MESA_GL_VERSION_OVERRIDE": "2.1"})
        self.fails("render", "-p", "A", "-o", self.folder / "none" / "a.png", words=["none"])
        self.fails("render", "-p", "A", "--focus", "nothing", "-o", self.folder / "a.png", words=["nothing"])
        self.fails("render", "-p", "A", "--step", "embed.W_E", "-o", self.folder / "a.png", words=["embed.W_E"])
        self.fails("render", "-p", "A", "--token", "11", "-o", self.folder / "a.png", words=["11"])
        self.fails("render", "--window", "-p", "A", "--action", "fall", "-o", self.folder / "a.png", words=["fall", "help"])
        self.fails("render", "--window", "-p", "A", "--head", "L9H0", "-o", self.folder / "a.png", words=["L9H0"])
        self.fails("render", "--window", "-p", "?", "-o", self.folder / "a.png", words=["?"])
        self.fails("render", "--window", "-p", "A", "--card", "logits:99:0", "-o", self.folder / "a.png", words=["99"])
        self.fails("render", "-p", "A", "--arcs", "nothing", "-o", self.folder / "a.png", words=["nothing", "L0H1"])
        self.fails("render", "-p", "A", "--arcs", "L3H0", "-o", self.folder / "a.png", words=["L3H0"])
        self.assertEqual(list(self.folder.glob("a*")), [])
        for arguments in (["-o", "a.gif"], ["-o", "a.png", "--size", "0x5"], ["-o", "a.png", "--size", "12"],
                          ["-o", "a.png", "--theme", "pink"], ["-o", "a.png", "--head", "L0H0"],
                          ["-o", "a.mp4", "--window"], ["-o", "a.png", "--lang", "xx"], []):
            self.fails("render", "-p", "A", *arguments, status=2)


main()
