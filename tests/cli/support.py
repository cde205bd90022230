"""What the tests of the program share: running it, and reading and writing safetensors."""
import json
import math
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = os.path.abspath(sys.argv[1])  # some are run in other folders
REFERENCE = ROOT / "tests" / "reference"
GPT2 = REFERENCE / "gpt2"


def run(*arguments, env=None, timeout=120, **more):
    """Runs the program without a display; a crash shows as a negative status. `more` is subprocess.run's."""
    variables = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    variables.update(env or {})
    return subprocess.run([PROGRAM, *map(os.fsencode, map(str_or_bytes, arguments))], env=variables,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False, **more)


def bound_by_permissions(test):
    """For run(): as somebody whom the permissions of files bind, which they do not bind root."""
    if os.geteuid() != 0:
        return {}
    test.folder.chmod(0o755)
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    try:
        run("--version", **nobody)
    except PermissionError:
        test.skipTest("only root may run the program here")
    return nobody


def str_or_bytes(value):
    return value if isinstance(value, (str, bytes)) else str(value)


def read_safetensors(path):
    """Tensors of a file as (type, shape, flat list), and its metadata."""
    data = pathlib.Path(path).read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + size])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        code = {"F32": "f", "I64": "q", "U8": "B"}[entry["dtype"]]
        raw = data[8 + size + begin:8 + size + end]
        count = len(raw) // struct.calcsize(code)
        assert count == math.prod(entry["shape"]), name
        tensors[name] = (entry["dtype"], entry["shape"], struct.unpack(f"<{count}{code}", raw))
    return tensors, metadata


def raw_safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


class ProgramTest(unittest.TestCase):
    def setUp(self):
        self.folder_owner = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.folder_owner.name)
        self.addCleanup(self.folder_owner.cleanup)

    def succeeds(self, *arguments, **more):
        result = run(*arguments, **more)
        self.assertEqual(result.returncode, 0, result.stderr.decode(errors="replace"))
        return result.stdout

    def fails(self, *arguments, words=(), status=1, **more):
        """One sentence on standard error that holds `words`, nothing on standard output, status 1."""
        result = run(*arguments, **more)
        error = result.stderr.decode("utf-8")  # even where the input is not
        self.assertEqual(result.returncode, status, error)
        self.assertEqual(result.stdout, b"")
        if status == 1:
            self.assertTrue(error.startswith("orrery: "), error)
            self.assertEqual(error.count("\n"), 1, error)
        for word in words:
            self.assertIn(word, error)
        return error


class ModelTest(ProgramTest):
    """Runs models that it has written and compares their numbers with the reference implementations'."""

    def logits(self, model, ids):
        file = self.folder / "logits.safetensors"
        self.succeeds("trace", "-m", model, "--ids", ",".join(map(str, ids)), "--hooks", "logits", "-o", file)
        return read_safetensors(file)[0]["logits"]

    def agrees(self, model, fixture):
        """A model's logits with those of a fixture."""
        expected, _ = read_safetensors(REFERENCE / fixture / "expected.safetensors")
        for prompt in ("p0", "p1"):
            if f"{prompt}.input_ids" in expected:
                found = self.logits(model, expected[f"{prompt}.input_ids"][2])
                self.close(fixture, found[2], expected[f"{prompt}.logits"][2], 1e-4)

    def close(self, name, found, expected, tolerance):
        self.assertEqual(len(found), len(expected), name)
        worst = max(abs(a - b) / (1 + abs(b)) for a, b in zip(found, expected))
        self.assertLessEqual(worst, tolerance, name)

    def write(self, name, data):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path


def main():
    unittest.main(argv=sys.argv[:1])
