#!/usr/bin/env python3
"""Where results are written: no input is lost, nothing half done stays, and what fails says why."""
import json
import os
import resource
import shutil
import signal
import struct
import subprocess
import time

import model_files as files
from support import PROGRAM, REFERENCE, ROOT, ProgramTest, bound_by_permissions, main, read_safetensors

SORT = ROOT / "assets" / "models" / "sort-abc"
TEXT = "the planets move, the planets shine\n" * 20


def full_disk():
    """For run(): no file can grow beyond a page. The signal that comes with it is ignored, as Python does."""
    return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)), "restore_signals": False}


class Outputs(ProgramTest):
    def copy(self, name="model"):
        return shutil.copytree(SORT, self.folder / name)

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    # ---- inputs

    def keeps(self, output, *arguments):
        """The command does not take one of its inputs for its output."""
        before, folder = output.read_bytes(), sorted(os.listdir(output.parent))
        self.fails(*arguments, "-o", output, words=[f"{output} is one of the inputs: name another output."])
        self.assertEqual(output.read_bytes(), before)
        self.assertEqual(sorted(os.listdir(output.parent)), folder)

    def test_a_model_is_not_written_over(self):
        model = self.copy()
        for place in (model, model / "model.safetensors"):
            for name in ("model.safetensors", "config.json", "tokenizer.json"):
                self.keeps(model / name, "trace", "-m", place, "-p", "A")
        self.keeps(model / ".." / "model" / "config.json", "trace", "-m", model, "-p", "A")
        (self.folder / "link.png").symlink_to(model / "model.safetensors")
        os.link(model / "config.json", self.folder / "link.mp4")
        for arguments in (["link.png"], ["link.png", "--window"], ["link.mp4"]):
            self.keeps(self.folder / arguments[0], "render", "-m", model, "-p", "A", *arguments[1:])
        keys, tensors = files.gguf_of_gpt2(*files.read_model(REFERENCE / "gpt2"))
        gguf = self.write("model.gguf", files.gguf(keys, files.f32(tensors)))
        self.keeps(gguf, "trace", "-m", gguf, "--ids", "0")

    def test_weights_in_several_files_are_not_written_over(self):
        model = self.copy()
        shard = model / "model-00001-of-00001.safetensors"
        (model / "model.safetensors").rename(shard)
        data = shard.read_bytes()
        header = json.loads(data[8:8 + struct.unpack_from("<Q", data)[0]])
        header.pop("__metadata__", None)
        index = model / "model.safetensors.index.json"
        index.write_text(json.dumps({"weight_map": {name: shard.name for name in header}}))
        for output in (shard, index):
            self.keeps(output, "trace", "-m", model, "-p", "A")

    def test_a_text_is_not_written_over(self):
        prompt = self.write("prompt.png", "CBA")
        for arguments in (["render", "-f", prompt], ["render", "--window", "-f", prompt], ["trace", "-f", prompt]):
            self.keeps(prompt, *arguments)
        text = self.write("text.txt", TEXT)
        self.keeps(text, "tokenizer", "train", "-f", text, "--vocab-size", "260")

    def test_other_files_may_be_written_over(self):
        model = self.copy()
        for name in ("run.safetensors", "notes.txt"):
            output = model / name
            output.write_text("before")
            for _ in range(2):
                self.succeeds("trace", "-m", model, "-p", "A", "-o", output)
                self.assertEqual(read_safetensors(output)[0]["input_ids"], ("I64", [1], (0,)))
        self.assertEqual(list(model.glob("*.part*")), [])

    def test_a_file_that_is_called_like_an_unfinished_one_stays(self):
        text, output = self.write("t.part.json", TEXT), self.folder / "t.json"
        self.succeeds("tokenizer", "train", "-f", text, "--vocab-size", "260", "-o", output)
        self.assertEqual(text.read_text(), TEXT)
        self.assertEqual(len(json.loads(output.read_text())["model"]["vocab"]), 260)
        self.assertEqual(sorted(os.listdir(self.folder)), ["t.json", "t.part.json"])

    # ---- failures

    def test_an_interrupted_command_leaves_nothing(self):
        programs = self.folder / "programs"
        programs.mkdir()
        ffmpeg = programs / "ffmpeg"  # one that takes all in, so that the film goes on
        ffmpeg.write_text("#!/bin/sh\ncat > /dev/null\n")
        ffmpeg.chmod(0o755)
        films = self.folder / "films"
        films.mkdir()
        for how in (signal.SIGTERM, signal.SIGINT):
            with subprocess.Popen([PROGRAM, "render", "-o", films / "film.mp4", "--seconds", "3600"],
                                  env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as film:
                while not any(films.iterdir()):
                    self.assertIsNone(film.poll())
                    time.sleep(0.01)
                film.send_signal(how)
                self.assertEqual(film.wait(60), -how)
            self.assertEqual(list(films.iterdir()), [])

    def test_a_full_disk(self):
        trace = self.folder / "t.safetensors"
        self.fails("trace", "-p", "CBABBC", "-o", trace, words=[f"{trace} cannot be written: File too large"],
                   **full_disk())
        new = self.folder / "new"
        for out, weights in ((new, new / "model.safetensors"), (new / "inner", new / "inner" / "model.safetensors"),
                             (new / "x.safetensors", new / "x.safetensors")):
            self.fails("convert", "sort-abc", out, words=[f"{weights} cannot be written: File too large"],
                       **full_disk())
            self.assertEqual(os.listdir(self.folder), [])
        new.mkdir()
        self.fails("convert", "sort-abc", new, words=["model.safetensors cannot be written"], **full_disk())
        self.assertEqual(os.listdir(self.folder), ["new"])  # it was there before
        self.assertEqual(os.listdir(new), [])

    def test_convert_into_what_is_no_folder(self):
        file = self.write("file", "before")
        for out in (file, file / "model.safetensors"):
            self.fails("convert", "sort-abc", out, words=[f"{file} cannot be written: Not a directory"])
        self.assertEqual(file.read_text(), "before")

    def test_folders_that_may_not_be_written(self):
        closed = self.folder / "closed"
        closed.mkdir()
        more = bound_by_permissions(self)
        closed.chmod(0o555)
        for name, *arguments in (("new", "convert", "sort-abc", closed / "new"),
                                 ("model.safetensors", "convert", "sort-abc", closed),
                                 ("model.safetensors", "convert", "sort-abc", closed / "model.safetensors"),
                                 ("t", "trace", "-p", "A", "-o", closed / "t")):
            self.fails(*arguments, words=[f"{closed / name} cannot be written: Permission denied"], **more)
        self.assertEqual(os.listdir(closed), [])

    def test_convert_refuses_what_other_commands_refuse(self):
        out = self.folder / "out"
        for number, (name, fields) in enumerate((("config", {"eos_token_id": "x"}),
                                                 ("generation_config", {"eos_token_id": [1, 2.5]}),
                                                 ("generation_config", {"temperature": "hot"}),
                                                 ("generation_config", {"temperature": -1, "do_sample": True}),
                                                 ("generation_config", {"top_p": 5}))):
            model = self.copy(f"model{number}")
            file = model / f"{name}.json"
            known = json.loads(file.read_text()) if file.exists() else {}
            file.write_text(json.dumps({**known, **fields}))
            for arguments in (["info", model], ["generate", "-m", model, "-p", "A"], ["convert", model, out]):
                with self.subTest(fields, command=arguments[0]):
                    self.fails(*arguments, words=[f"{file}: the field {next(iter(fields))} must be"])
            self.assertFalse(out.exists())


main()
