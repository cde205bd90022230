#!/usr/bin/env python3
"""Learning a BPE on the command line, the steps of every kind of tokenizer, and RWKV's vocabulary."""
import ast
import json

from support import GPT2, ROOT, ProgramTest, main

TOKENIZERS = ROOT / "tests" / "reference" / "tokenizers"
TEXT = "the planets move, the planets shine; 春眠不覺曉，春眠 🪐🪐\n" * 20


class Tokenizer(ProgramTest):
    def write(self, content, name="text.txt"):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def train(self, *more, content=TEXT, size=290):
        file = self.folder / "tokenizer.json"
        self.succeeds("tokenizer", "train", "-f", self.write(content), "--vocab-size", size, "-o", file, *more)
        return file

    def tokens(self, *arguments):
        return json.loads(self.succeeds("tokenize", *arguments, "--json"))

    def test_train(self):
        for pattern in ("gpt2", "llama3"):
            file = self.train("--pattern", pattern)
            model = json.loads(file.read_text())["model"]
            self.assertEqual(model["type"], "BPE")
            self.assertEqual(sorted(model["vocab"].values()), list(range(290)))
            self.assertEqual(len(model["merges"]), 34)
            result = self.tokens("--tokenizer", file, "-p", "the planets 春眠 🪐 xyz")
            self.assertLess(len(result["ids"]), 15)
            self.assertEqual(result["tokens"][-1]["end"], len("the planets 春眠 🪐 xyz".encode()))
        first = file.read_bytes()
        self.assertEqual(self.train("--pattern", "llama3").read_bytes(), first)

    def test_ends_early(self):
        model = json.loads(self.train(content="ab ab", size=5000).read_text())["model"]
        self.assertEqual(model["merges"], ["a b"])
        model = json.loads(self.train("--min-frequency", 1, content="ab ab", size=5000).read_text())["model"]
        self.assertEqual(model["merges"], ["a b", "Ġ ab"])

    def test_bad_input(self):
        def refuses(*words, content=TEXT, size=300, status=1, more=(), file=None):
            output = self.folder / "out.json"
            path = file or self.write(content)
            self.fails("tokenizer", "train", "-f", path, "--vocab-size", size, "-o", output, *more, words=words,
                       status=status)
            self.assertFalse(output.exists())
            self.assertEqual(list(self.folder.glob("*.part*")), [])
        refuses("none.txt", file=self.folder / "none.txt")
        refuses("empty", content=b"")
        refuses("text.txt", "UTF-8", "byte 3", content=b"abc\xff")
        refuses(str(self.folder), file=self.folder)
        refuses("255", size=255, status=2)
        refuses(size="many", status=2)
        refuses(more=["--pattern", "words"], status=2)
        self.fails("tokenizer", "train", "-f", self.write(TEXT), "-o", self.folder / "no" / "t.json", words=["t.json"])
        self.fails("tokenizer", status=2)
        self.fails("tokenize", "--tokenizer", self.folder / "none.json", "-p", "a", words=["none.json"])
        self.fails("tokenize", "--tokenizer", self.write("{", "t.json"), "-p", "a", words=["t.json"])
        self.fails("tokenize", "--tokenizer", self.write("x", "t.bpe"), "-p", "a", words=["t.bpe"])

    def test_ids_instead_of_a_text(self):
        for start in (["--tokenizer", TOKENIZERS / "neox.json"], ["-m", "tang-poems"]):
            text = "the 春 planets" if start[0] == "--tokenizer" else "春眠"
            found = self.tokens(*start, "-p", text)
            ids = ",".join(map(str, found["ids"]))
            self.assertEqual(self.tokens(*start, "--ids", ids), found)
            lines = self.succeeds("tokenize", *start, "-p", text)
            self.assertEqual(self.succeeds("tokenize", *start, "--ids", ids), lines)
            self.assertEqual(lines.count(b"\n"), len(found["ids"]))
            for wrong in (99999, -1):
                self.fails("tokenize", *start, "--ids", f"1,{wrong}",
                           words=[f"token id {wrong} is outside the vocabulary of "])
            self.fails("tokenize", *start, "--ids", ids, "--steps", status=2)

    def test_a_model_without_a_tokenizer(self):
        for given in (["--ids", "1,2"], ["-p", "a"]):
            error = self.fails("tokenize", "-m", GPT2, *given, words=["no tokenizer", "--tokenizer"])
            self.assertNotIn("--ids", error)
        self.fails("tokenize", "-m", "sort-abc", "--tokenizer", TOKENIZERS / "neox.json", "-p", "a", status=2,
                   words=["--tokenizer", "--model"])

    def test_steps_of_bytes(self):
        words = self.succeeds("tokenize", "--tokenizer", TOKENIZERS / "neox.json", "-p", "the 春", "--steps").decode()
        self.assertIn("merges h + e = he (256), rank 0", words)
        self.assertIn("E6 98 A5", words)  # parts of a character are bytes
        steps = self.tokens("--tokenizer", TOKENIZERS / "neox.json", "-p", "the 春", "--steps")["steps"]
        piece = steps["pieces"][0]
        self.assertEqual([unit["text"] for unit in piece["units"]], ["t", "h", "e"])
        ranks = json.loads((TOKENIZERS / "neox.json").read_text())["model"]["merges"]
        self.assertEqual([ranks[merge["rank"]] for merge in piece["merges"]], ["h e"])
        self.assertEqual([(merge["left"], merge["right"]) for merge in piece["merges"]], [(1, 2)])

    def test_steps_of_others(self):
        result = self.tokens("--tokenizer", TOKENIZERS / "llama.json", "-p", "the", "--steps")
        self.assertEqual(result["steps"]["normalized"], "▁the")
        self.assertEqual(result["steps"]["prefix"], [1])
        words = self.succeeds("tokenize", "--tokenizer", TOKENIZERS / "t5.json", "-p", "the sun", "--steps").decode()
        self.assertIn("on the best way", words)
        words = self.succeeds("tokenize", "--tokenizer", TOKENIZERS / "bert.json", "-p", "planets", "--steps").decode()
        self.assertIn("the longest", words)
        result = self.tokens("-m", "tang-poems", "-p", "春", "--steps")
        self.assertEqual([piece["text"] for piece in result["steps"]["pieces"]], ["春"])

    # ---- RWKV's vocabulary

    def world(self):
        """A vocabulary file of all bytes and parts of the reference texts, and its tokens by id."""
        tokens = [bytes([byte]) for byte in range(256)]
        texts = [text.encode() for text in json.loads((TOKENIZERS / "texts.json").read_text())]
        for length in (2, 3, 5, 9):
            for text in texts:
                tokens.extend(text[at:at + length] for at in range(0, min(len(text) - length, 400), 3))
        tokens = list(dict.fromkeys([*tokens, b"\r\n\t", b"it's", b"\"'\\", "\x85\u2028\U0001fa90".encode()]))

        def spelled(token):
            try:
                return repr(token.decode())
            except UnicodeDecodeError:
                return repr(token)
        lines = [f"{number} {spelled(token)} {len(token)}\n" for number, token in enumerate(tokens, 1)]
        path = self.write("".join(lines), "rwkv_vocab_v20230424.txt")
        read = {int(line.split(" ", 1)[0]): ast.literal_eval(line.split(" ", 1)[1].rsplit(" ", 1)[0]) for line in lines}
        return path, {number: token.encode() if isinstance(token, str) else token for number, token in read.items()}

    def test_the_longest_token_that_fits(self):
        path, tokens = self.world()
        ids = {token: number for number, token in tokens.items()}
        for text in json.loads((TOKENIZERS / "texts.json").read_text()):
            data, expected, spans, begin = text.encode(), [], [], 0
            while begin < len(data):
                end = max(end for end in range(begin + 1, min(begin + 64, len(data)) + 1) if data[begin:end] in ids)
                expected.append(ids[data[begin:end]])
                spans.append((begin, end))
                begin = end
            found = self.tokens("--tokenizer", path, "-p", text)
            self.assertEqual(found["ids"], expected)
            self.assertEqual([(token["begin"], token["end"]) for token in found["tokens"]], spans)
            steps = self.tokens("--tokenizer", self.folder, "-p", text, "--steps")["steps"]
            self.assertEqual("".join(piece["text"] for piece in steps["pieces"]), text)
            taken = [one["id"] for piece in steps["pieces"] for one in piece["candidates"] if one["taken"]]
            self.assertEqual(taken, expected)

    def test_a_broken_vocabulary_of_rwkv(self):
        path, tokens = self.world()
        good = path.read_bytes().decode()
        lines = good.split("\n")

        def refuses(number, line, *words):
            changed = [*lines[:number - 1], line, *lines[number:]]
            self.write("\n".join(changed), path.name)
            self.fails("tokenize", "--tokenizer", path, "-p", "a", words=[path.name, *words])
        for line in ("", "300", "300 'ab'", "300 'ab' 3", "x 'ab' 2", "-1 'ab' 2", "300 'ab 2", "300 ab' 2",
                     "300 'a'b' 3", "300 __import__('os').abort() 2", "300 'a' + 'b' 2", "300 'ab\\' 3",
                     "300 '\\x4' 1", "300 '\\x-0' 1", "300 '\\xzz' 1", "300 '\\ud800' 3", "300 '\\U00110000' 4",
                     "300 b'\\u0041' 1", "300 b'é' 2", "300 '' x", "300 'ab' 99999999999999999999",
                     "99999999999 'ab' 2"):
            refuses(300, line, "line 300 is no token of RWKV's")
        refuses(300, "300 'a' 1", 'the token "a" occurs twice')
        refuses(300, "299 'zzzz' 4", "have the same id 299")
        refuses(300, "0 'zzzz' 4", "have the same id 0")
        refuses(300, "123456 'zzzz' 4", "ids must be 0, 1, 2, ... without holes")
        refuses(300, "300 '' 0", "the token 300 must have 1 to 1024 bytes")
        refuses(300, f"300 '{'a' * 1025}' 1025", "the token 300 must have 1 to 1024 bytes")
        refuses(256, "256 'zzzz' 4", "the vocabulary lacks the token FF")
        refuses(256, "256 b'\\xfe' 1", 'the token "\\ufffd" occurs twice')
        self.write(good.replace("\n", "\r\n"), path.name)
        self.assertEqual(self.tokens("--tokenizer", path, "-p", "\r\n\t")["ids"],
                         [number for number, token in tokens.items() if token == b"\r\n\t"])
        self.assertEqual(self.succeeds("tokenize", "--tokenizer", path, "--ids", "0"), b"0\t<|endoftext|>\n")


main()
