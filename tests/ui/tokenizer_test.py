#!/usr/bin/env python3
"""The page about tokenizers: its steps, two side by side, and a BPE that is trained and saved; under Xvfb.

Usage: tokenizer_test.py PROGRAM."""
import json, os, subprocess, sys, time

from journey import Journey

PROGRAM = sys.argv[1]
ROOT = os.getcwd()


def ids_of(tokenizer, text):
    result = subprocess.run([PROGRAM, "tokenize", "--tokenizer", tokenizer, "-p", text, "--json"], check=True,
                            capture_output=True)
    return json.loads(result.stdout)["ids"]


with Journey(PROGRAM, "-m", "sort-abc", "-p", "CBABBC") as j:
    def page():
        return j.state()["tokenizer"]

    def fill(widget, words):
        j.click(widget)
        j.wait(f"{widget} takes the keyboard", lambda s: s["writing"])
        j.key("ctrl+a")
        time.sleep(0.5)
        j.xdotool("type", "--delay", "60", words)
        time.sleep(0.5)

    j.wait("the first run plays", lambda s: s["model"] == "sort-abc" and s["position"] > 10)
    j.focus()
    j.key("k")
    j.wait("K opens the page with the prompt in the model's characters",
           lambda s: s["tokenizer_page"] and s["tokenizer"]["ids"] == [2, 1, 0, 1, 1, 2])
    assert page()["kind"] == "characters" and page()["moments"] == 0

    # A byte-level BPE, step by step.
    j.key("Down")
    j.wait("the arrow chooses the next tokenizer", lambda s: s["tokenizer"]["name"] == "shakespeare-bpe")
    j.click("tokenizer_english")
    j.wait("a sample is cut", lambda s: "planets" in s["tokenizer"]["shown_text"] and s["tokenizer"]["moments"] > 20)
    assert page()["kind"] == "byte-level BPE"
    assert page()["ids"] == ids_of("assets/tokenizers/shakespeare-bpe.json", page()["text"]), "the ids of the program"
    assert page()["position"] == page()["moments"], "it is shown complete at first"
    j.key("Home")
    j.wait("to the start", lambda s: s["tokenizer"]["position"] == 0)
    j.key("period")
    j.key("period")
    j.wait("two merges on", lambda s: s["tokenizer"]["position"] == 2)
    j.key("comma")
    j.wait("one back", lambda s: s["tokenizer"]["position"] == 1)
    run = j.state()["position"]
    j.key("space")
    j.wait("Space plays the merges", lambda s: s["tokenizer"]["playing"] and s["tokenizer"]["position"] > 2)
    j.click("tokenizer_play")
    j.wait("the button pauses", lambda s: not s["tokenizer"]["playing"])
    j.click("tokenizer_scrub")
    j.wait("the bar scrubs", lambda s: 0.4 < s["tokenizer"]["position"] / s["tokenizer"]["moments"] < 0.6)
    before = page()["position"]
    j.key("Right")
    j.wait("one word on", lambda s: s["tokenizer"]["position"] > before)
    j.key("End")
    j.wait("to the end", lambda s: s["tokenizer"]["position"] == s["tokenizer"]["moments"])
    j.click("tokenizer_chinese")
    j.wait("Chinese, byte by byte", lambda s: s["tokenizer"]["shown_text"].startswith("白日"))
    assert len(page()["ids"]) > 24, "bytes that were never seen together stay apart"

    # Other kinds are opened by their path.
    for name, kind in (("t5", "Unigram"), ("llama", "BPE with byte fallback"), ("bert", "WordPiece")):
        fill("tokenizer_path", os.path.join(ROOT, f"tests/reference/tokenizers/{name}.json"))
        j.key("Return")
        j.wait(f"{kind} is opened", lambda s: s["tokenizer"]["kind"] == kind)

    # Two side by side.
    j.click("tokenizer_tab_compare")
    j.wait("two side by side", lambda s: s["tokenizer"]["tab"] == 1)
    j.settled(lambda seen: seen["widgets"].get("compare_2_other"))
    j.settled(lambda seen: seen["widgets"].get("compare_1_chosen"))

    # Training.
    corpus = os.path.join(j.folder, "corpus.txt")
    with open(corpus, "w") as file:
        file.write("the planets turn around the sun, the planets turn; 春眠不覺曉，春眠\n" * 50)
    j.click("tokenizer_tab_train")
    j.wait("the page to train on", lambda s: s["tokenizer"]["tab"] == 2)
    fill("train_file", "/no/such/file")
    j.click("train_start")
    j.wait("a file that is not there is told", lambda s: "/no/such/file" in s["tokenizer"]["problem"])
    fill("train_file", corpus)
    j.click("train_start")
    j.wait("it learns", lambda s: s["tokenizer"]["training"] == 2 and s["tokenizer"]["merges"] > 20)
    saved = os.path.join(j.folder, "trained.json")
    fill("train_save_path", saved)
    j.click("train_save")
    j.wait("it is saved", lambda s: any("Saved" in notice for notice in s["notices"]))
    j.click("train_look")
    j.wait("and looked at", lambda s: s["tokenizer"]["tab"] == 0 and s["tokenizer"]["name"] == "corpus")
    fill("tokenizer_text", "the planets turn")
    j.key("Return")  # Escape would bring the old text back
    j.wait("its tokens are those of the saved file",
           lambda s: s["tokenizer"]["shown_text"] == "the planets turn"
           and s["tokenizer"]["ids"] == ids_of(saved, "the planets turn"))
    j.key("Escape")
    if j.state()["tokenizer_page"]:
        j.key("Escape")
    j.wait("Esc closes the page", lambda s: not s["tokenizer_page"])
    assert j.state()["position"] >= run, "the model was left alone"
    print("text becomes tokens before one's eyes")
