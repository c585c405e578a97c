"""Language: a run beside a 5-gram on the same held-out pages, a GGUF beside llama.cpp's own loop.

    python tests/bench/bench_texts.py judge RUN
    python tests/bench/bench_texts.py speed MODEL.gguf --tokens 128 [--llama-bench PROGRAM]

``judge`` takes the newest checkpoint of a run and all of its held-out rows. ``speed`` writes as
many tokens by turns: by our writer, as operations use it, and by ``generate`` of llama-cpp-python
with the likeliest token, which does nothing but compute and choose; and, where its program is
named, by llama.cpp's own bench with as many threads, which chooses nothing at all. Speeds are told
by the clock, and by the processor's time, which other programs do not lengthen; where several
threads wait for each other that counts as work, so ``--threads 1`` is the fairer one.
"""

import argparse
import json
import math
import resource
import statistics
import subprocess
import time
from pathlib import Path

import numpy as np
import torch

from genstudio.data.plain_texts import num_words
from genstudio.domain.byte_pairs import Tokeniser
from genstudio.metrics.ngrams import KneserNey
from genstudio.models.capabilities import Writes
from genstudio.models.local_language import writers
from genstudio.models.local_language.places import language_model_at
from genstudio.models.local_language.writers import GgufWriter, Sampling
from genstudio.models.protocol import Request
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


def _of_bench(program: Path, path: Path, count: int, threads: int) -> tuple[float, float]:
    """Tokens a second that llama.cpp's own bench reports, and seconds of a processor it took."""
    asked = ["-m", path, "-p", 0, "-n", count, "-t", threads, "-r", 1, "-o", "json"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [str(program), *map(str, asked)], capture_output=True, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    (found,) = json.loads(done.stdout)
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return float(found["avg_ts"]), spent


def _speed(path: Path, count: int, program: Path | None, threads: int | None) -> None:
    if threads is not None:
        writers._num_threads = lambda: threads
    writer = GgufWriter(language_model_at(path), 512)
    llama = writer._llama
    by: dict[str, list[tuple[float, float]]] = {"ours": [], "llama.cpp's loop": []}

    def ours(most: int) -> int:
        own = Sampling(seed=1, temperature=0.8)
        return sum(1 for _ in writer.write(_PROMPT, most=most, sampling=own))

    def loop(most: int) -> int:
        llama.reset()
        found = llama.generate(llama.tokenize(_PROMPT.encode()), temp=0.0)
        return sum(1 for _, _ in zip(range(most), found, strict=False))

    for _ in range(_TURNS):
        for name, write in (("ours", ours), ("llama.cpp's loop", loop)):
            start, spent = time.perf_counter(), time.process_time()
            made = write(count)
            seconds = time.perf_counter() - start
            by[name].append((made / seconds, made / (time.process_time() - spent)))
        if program is not None:
            # What loading the file takes of a processor is what one token less does not save.
            speed, spent = _of_bench(program, path, count, llama.n_threads)
            _, loading = _of_bench(program, path, 1, llama.n_threads)
            by.setdefault("llama-bench", []).append((speed, (count - 1) / (spent - loading)))
    print(f"{llama.n_threads} threads, {count} tokens, medians of {_TURNS} turns")
    first = None
    for name, turns in by.items():
        clock, processor = (statistics.median(column) for column in zip(*turns, strict=True))
        first = first or (clock, processor)
        print(
            f"{name}: {clock:.1f} tokens/s (ours / it {first[0] / clock:.2f}), "
            f"{processor:.1f} for each second of a processor ({first[1] / processor:.2f})"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["judge", "speed"])
    parser.add_argument("path", type=Path)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--llama-bench", type=Path, help="llama.cpp's own program.")
    parser.add_argument("--threads", type=int, help="By default as many as there are cores.")
    chosen = parser.parse_args()
    if chosen.what == "judge":
        _judge(chosen.path)
    else:
        _speed(chosen.path, chosen.tokens, chosen.llama_bench, chosen.threads)
