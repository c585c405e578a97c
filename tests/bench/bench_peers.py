"""Compares our architectures with peers: the same pictures, the same time, the same judge.

Usage: .venv/bin/python tests/bench/bench_peers.py --out FOLDER [--entrants gan,dcgan] [--sets
emoji128@64] [--minutes 10] [--seeds 0,1]

Trains one after the other in child processes, then writes ``table.md`` and a sheet of pictures
for each set. What is done already is not done again. README.md beside this file says how.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from peer_runs import (
    PEERS,
    PEERS_ENVIRONMENT,
    ROOT,
    Terms,
    is_done,
    known_entrants,
    run_folder,
    train_entrant,
)
from peer_sets import SETS, prepare_set
from peer_table import judge_run, side_by_side, table

from genstudio.domain.errors import GenStudioError
from genstudio.models.catalog import model_class


def main(options: argparse.Namespace) -> int:
    """Train what is missing, judge it, and write it down; gives 1 if an entrant failed."""
    terms = Terms(
        minutes=options.minutes,
        samples=options.samples,
        threads=options.threads,
        bf16=options.bf16,
    )
    failed = 0
    tables: list[str] = []
    for name in options.sets:
        pictures = prepare_set(name, options.data, options.out / "sets")
        done: list[Path] = []
        for seed in options.seeds:
            for entrant in options.entrants:
                folder = run_folder(options.out, pictures, entrant, seed, terms)
                if not is_done(folder):
                    print(f"{name}: {folder.name} …", flush=True)
                    try:
                        train_entrant(entrant, pictures, folder, seed, terms)
                    except (subprocess.CalledProcessError, OSError) as error:
                        # The others' time is not lost for one that fails.
                        print(f"{name}: {folder.name} failed, see its log.txt: {error}")
                        failed = 1
                        continue
                done.append(folder)
        if not done:
            continue
        reports = {
            folder: judge_run(folder, pictures, again=options.judge_again) for folder in done
        }
        tables.append(table(pictures, reports))
        print(tables[-1], flush=True)
        side_by_side(pictures, done).save(options.out / f"{name}.png")
    (options.out / "table.md").write_text("\n".join(tables), encoding="utf-8")
    return failed


def _options(parser: argparse.ArgumentParser) -> argparse.Namespace:
    options = parser.parse_args()
    options.entrants = [_known_entrant(parser, key) for key in options.entrants.split(",")]
    options.sets = options.sets.split(",")
    options.seeds = [int(seed) for seed in options.seeds.split(",")]
    options.out = options.out.absolute()
    if unknown := set(options.sets) - set(SETS):
        parser.error(f"unknown sets: {', '.join(unknown)}; known: {', '.join(SETS)}")
    if options.out.is_relative_to(ROOT):
        parser.error("--out must be outside of the project: it grows large")
    needs_environment = any(
        key in PEERS and PEERS[key].needs_environment for key in options.entrants
    )
    if needs_environment and not PEERS_ENVIRONMENT.is_dir():
        parser.error(f"{PEERS_ENVIRONMENT.name} is missing; README.md says how to make it")
    return options


def _known_entrant(parser: argparse.ArgumentParser, key: str) -> str:
    """The entrant's full key: short names of our own are spelled out."""
    if key in PEERS:
        return key
    try:
        return model_class(key).card.key
    except GenStudioError:
        parser.error(f"unknown entrant “{key}”; known: {', '.join(known_entrants())}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="folder outside of the project")
    parser.add_argument("--entrants", default="gan,vae,dcgan,plain-vae")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--bf16", choices=["auto", "on", "off"], default="auto")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--judge-again", action="store_true")
    return parser


if __name__ == "__main__":
    if "--out" not in sys.argv and "--help" not in sys.argv:
        # Among the other measurements: this one takes hours, and is asked for by itself.
        print("Not measured: give --out FOLDER (see tests/bench/README.md).")
        sys.exit(0)
    sys.exit(main(_options(_parser())))
