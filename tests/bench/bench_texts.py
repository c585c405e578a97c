"""Language: a run beside a 5-gram on the same held-out pages, a GGUF beside llama.cpp's own loop.

    python tests/bench/bench_texts.py judge RUN
    python tests/bench/bench_texts.py speed MODEL.gguf --tokens 128

``judge`` takes the newest checkpoint of a run and all of its held-out rows. ``speed`` writes as
many tokens by turns: by our writer, as operations use it, and by ``generate`` of llama-cpp-python
with the likeliest token, which does nothing but compute and choose.
"""

import argparse
import math
import statistics
import time
from pathlib import Path

import numpy as np
import torch

from genstudio.data.plain_texts import num_words
from genstudio.domain.byte_pairs import Tokeniser
from genstudio.metrics.ngrams import KneserNey
from genstudio.models.local_language.places import language_model_at
from genstudio.models.local_language.writers import GgufWriter, Sampling
from genstudio.models.protocol import Request, Writes
from genstudio.models.tasks import task_of
from genstudio.services.copy_meters import dataset_of_run
from genstudio.services.generation import load_model
from genstudio.services.known_texts import VerbatimMeter
from genstudio.services.runs import Run

_PROMPT = "The fox went down to the river and"
_TURNS = 3


def _judge(path: Path) -> None:
    run = Run(path)
    dataset = dataset_of_run(run)
    tokens, tokeniser = dataset.fields["tokens"], Tokeniser(list(dataset.words))
    held_out = tokens.take(dataset.held_out_of())
    learned = tokens.take(dataset.learned_from())
    sizes = np.array(tokeniser.num_bytes())
    num_bytes = int(sizes[held_out[:, 1:]].sum())
    words = sum(num_words(tokeniser.text(row[1:])) for row in held_out.tolist())
    checkpoint = run.checkpoint("last")
    model = load_model(run, checkpoint)
    assert isinstance(model, Writes)
    nats = {
        "ours": float(model.nats({"tokens": torch.as_tensor(held_out)}).sum()),
        "5-gram": float(KneserNey(learned, tokeniser.num_ids).nats(held_out).sum()),
    }
    print(f"step {checkpoint.state.step}, {len(held_out)} held-out rows, {num_bytes} bytes")
    for name, value in nats.items():
        bits = value / math.log(2) / num_bytes
        print(
            f"{name}: {bits:.3f} bits per byte, perplexity per word {math.exp(value / words):.1f}"
        )
    meter = VerbatimMeter(run)
    request = Request(seeds=range(8), settings=task_of(model, "generate").settings())
    runs = [meter(it)["longest copy"] for it in model.run("generate", request)]
    print(f"longest copies of eight texts: {runs}; usual of held-out pages: {meter.usual:g}")


def _speed(path: Path, count: int) -> None:
    writer = GgufWriter(language_model_at(path), 512)
    llama = writer._llama
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(_TURNS):
        start = time.perf_counter()
        pieces = writer.write(_PROMPT, most=count, sampling=Sampling(seed=1, temperature=0.8))
        made = sum(1 for _ in pieces)
        ours.append(made / (time.perf_counter() - start))
        llama.reset()
        start = time.perf_counter()
        found = llama.generate(llama.tokenize(_PROMPT.encode()), temp=0.0)
        made = sum(1 for _, _ in zip(range(count), found, strict=False))
        theirs.append(made / (time.perf_counter() - start))
    one, other = statistics.median(ours), statistics.median(theirs)
    print(f"ours {one:.1f} tokens/s, llama.cpp's loop {other:.1f}, ratio {one / other:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["judge", "speed"])
    parser.add_argument("path", type=Path)
    parser.add_argument("--tokens", type=int, default=128)
    chosen = parser.parse_args()
    if chosen.what == "judge":
        _judge(chosen.path)
    else:
        _speed(chosen.path, chosen.tokens)
