#!/usr/bin/env python3
"""A model that ends its text: the window stops there, says so, and goes on when it is told to.

Usage: ending_test.py PROGRAM."""
import json, os, shutil, sys, tempfile

from journey import Journey

PROGRAM = sys.argv[1]
PROMPT, A, B = [2, 1, 0, 1, 1, 2], 0, 1  # CBABBC, after which the model writes ABBBC
SHIPPED = os.path.join(os.path.dirname(__file__), "..", "..", "assets", "models", "sort-abc")

with tempfile.TemporaryDirectory() as folder:
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        shutil.copy(os.path.join(SHIPPED, name), folder)
    with open(os.path.join(folder, "generation_config.json"), "w") as file:
        json.dump({"do_sample": False, "eos_token_id": [B]}, file)
    with Journey(PROGRAM, "-m", folder, "-p", "CBABBC") as j:
        j.wait("tokens are drawn as the model's file says", lambda s: s["temperature"] == 0 and s["passes"] > 0)
        j.focus()
        j.wait("the model ends the text", lambda s: s["text_ended"] and not s["moving"])
        state = j.state()
        assert (state["tokens"], state["passes"]) == (PROMPT + [A], 2), state
        assert "the model ends the text" in state["caption"], state["caption"]
        j.click("go_past_end")
        j.wait("it goes on, to the next end", lambda s: s["text_ended"] and s["tokens"] == PROMPT + [A, B])
        j.key("period")
        j.wait("a step goes on, too", lambda s: not s["text_ended"] and s["passes"] == 4)
print("all journeys ended well")
