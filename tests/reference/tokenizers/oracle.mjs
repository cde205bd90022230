// Has Hugging Face's own tokenizers encode texts.json of this folder: node oracle.mjs FOLDER writes, for every
// FOLDER/NAME.json that is a tokenizer, FOLDER/NAME.vectors: a list of text, ids without and with special tokens,
// and what the ids decode to.
import { createRequire } from "module";
import fs from "fs";
import path from "path";
const require = createRequire(path.resolve("package.json"));
const { Tokenizer } = require("@anush008/tokenizers");
const folder = process.argv[2];
const texts = JSON.parse(fs.readFileSync(new URL("texts.json", import.meta.url)));
for (const file of fs.readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "texts.json")) {
  const description = JSON.parse(fs.readFileSync(path.join(folder, file)));
  if (!description.model) continue;
  const tokenizer = Tokenizer.fromFile(path.join(folder, file));
  const vectors = [];
  for (const text of texts) {
    const ids = (await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds();
    const special = (await tokenizer.encode(text, null, { addSpecialTokens: true })).getIds();
    vectors.push({ text, ids, special, decoded: await tokenizer.decode(ids, false) });
  }
  fs.writeFileSync(path.join(folder, file.replace(/json$/, "vectors")), JSON.stringify(vectors) + "\n");
}
