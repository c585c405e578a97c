#!/bin/sh
# transformers 5.23.0, CLIPTokenizer: where the pad token is "!", as the published settings of Stable Diffusion 2
# and of the second reader of XL have it, every exclamation mark of a prompt becomes the id of padding.
#
# Guess before running: the pad token only fills prompts up; "stop!" has the ids of "stop" and of "!" at
# the end of a word (256), whatever fills up.
# Seen: with "<|endoftext|>" as the pad token "stop! a red bus" is 49406 1691 256 320 736 2840 49407, and "wow!!!"
# has 995, one token of the vocabulary. With "!" as the pad token the same texts give 0 for each mark, three of them for
# "wow!!!": a special token is cut out before byte pairs are looked at, and it is the one with the id 0, "!" inside
# of a word. The attention mask counts them as text. Nothing is said.
# The vocabulary is that of open_clip_torch 3.2.0, which the networks were trained with, and whose ids are the former.
# What we do: prompts are read as diffusers reads them, so that pictures are the same as its; the guide says that
# exclamation marks are lost there.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet transformers==5.23.0
"$place/env/bin/pip" download --quiet --no-deps --dest "$place" open_clip_torch==3.2.0
cd "$place"
"$place/env/bin/python" - <<'PYTHON' 2>/dev/null
import glob
import gzip
import json
import zipfile

import transformers

wheel = zipfile.ZipFile(glob.glob("open_clip_torch*.whl")[0])
(packed,) = [it for it in wheel.namelist() if it.endswith("bpe_simple_vocab_16e6.txt.gz")]
merges = gzip.decompress(wheel.read(packed)).decode().split("\n")[1 : 49152 - 256 - 2 + 1]
printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
letters = [chr(code) for code in printable]
letters += [chr(256 + number) for number in range(256 - len(letters))]
tokens = [*letters, *(it + "</w>" for it in letters), *("".join(it.split()) for it in merges)]
tokens += ["<|startoftext|>", "<|endoftext|>"]
with open("vocab.json", "w") as file:
    json.dump({token: number for number, token in enumerate(tokens)}, file)
with open("merges.txt", "w") as file:
    file.write("#version: 0.2\n" + "\n".join(merges) + "\n")


def read(pad: str, text: str) -> list[int]:
    tokenizer = transformers.CLIPTokenizer("vocab.json", "merges.txt", pad_token=pad)
    return tokenizer(text).input_ids


print("transformers", transformers.__version__)
for text in ("stop! a red bus", "wow!!! a"):
    print(repr(text), read("<|endoftext|>", text), read("!", text))
assert read("<|endoftext|>", "stop! a red bus") == [49406, 1691, 256, 320, 736, 2840, 49407]
assert read("!", "stop! a red bus") == [49406, 1691, 0, 320, 736, 2840, 49407]
assert read("<|endoftext|>", "wow!!! a") == [49406, 2781, 995, 320, 49407]
assert read("!", "wow!!! a") == [49406, 2781, 0, 0, 0, 320, 49407]
PYTHON
echo "as described"
