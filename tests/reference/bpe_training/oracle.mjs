// Has Hugging Face's own trainer (the Rust library behind the npm package @anush008/tokenizers 0.6.0) learn a byte-level
// BPE from some texts until no pair is left: npm install @anush008/tokenizers@0.6.0 && node oracle.mjs FOLDER writes
// FOLDER/merges.json, a list of text and merges. That trainer reads a file line by line: no text has a line that is empty
// or begins with a space.
import { createRequire } from "module";
import fs from "fs";
import os from "os";
import path from "path";
const require = createRequire(path.resolve("package.json"));
const { Tokenizer } = require("@anush008/tokenizers");
const verse = "春眠不覺曉，處處聞啼鳥。\n夜來風雨聲，花落知多少。\n白日依山盡，黃河入海流。\n欲窮千里目，更上一層樓。\n";
const texts = [
  "the orrery shows how the planets move around the sun, and we'll see that they're never at rest.\n" +
    "It's the same with a model: the numbers move, the words move, and nothing is hidden from the reader.\n" +
    "In 1781 William Herschel found Uranus; in 1846 Galle found Neptune, 2 hours after he began to look.\n",
  verse.repeat(2),
  "🪐🌞 orrery🪐🪐 planets 🌞🌞🌞 naïve café 🪐\nmixed 春眠 and 🌞夜來 and 春眠🪐🪐🪐🪐\n",
  "aaaa aaaaa aaaaaaaa aaa\nbababab abababa aabb bbaa aabbaabb\n",
  "abc bcd abcd abcabc bcdbcd cdab\nabcd abcd bcabcd xabcx abxbc\n".repeat(3),
];
const empty = { version: "1.0", truncation: null, padding: null, added_tokens: [], normalizer: null,
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true }, post_processor: null,
  decoder: null, model: { type: "BPE", dropout: null, unk_token: null, continuing_subword_prefix: null,
    end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, vocab: {}, merges: [] } };
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "bpe-"));
const result = texts.map((text) => {
  const file = path.join(folder, "text"), saved = path.join(folder, "tokenizer.json");
  fs.writeFileSync(file, text);
  const tokenizer = Tokenizer.fromString(JSON.stringify(empty));
  tokenizer.train([file]);
  tokenizer.save(saved);
  return { text, merges: JSON.parse(fs.readFileSync(saved)).model.merges };
});
fs.writeFileSync(path.join(process.argv[2], "merges.json"), JSON.stringify(result, null, 0) + "\n");
