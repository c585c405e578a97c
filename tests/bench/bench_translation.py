"""How well pairs are translated: ours beside the reference's design, for the same minutes.

Both learn from the same decoded pairs, on as many threads, in the same precision, and are judged on
the same held-out ones by the same code. No time is spent on previews, measurements or checkpoints.

    python tests/bench/bench_translation.py --data FOLDER --input line --out FOLDER \
        --minutes 15 --batch 8 --precision bf16 --entrant both

DATA holds ``train`` and ``test``, in each of them either pictures whose halves belong together or
two folders with the same names, of which ``--input`` names that of the inputs. With ``--model
unpaired-translation`` it holds two folders that do not belong together. All entrants of one OUT are
judged together: run ``--entrant ours`` and ``--entrant reference`` side by side, each on a core of
its own (``taskset``); the later one draws the sheet of both, and so does ``--entrant none``.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent / "peers"))
sys.path.insert(0, str(Path(__file__).parent))

import translation_sets
from translation_sets import Pairs

from genstudio.data.dataset import Dataset, Field
from genstudio.domain.fields import IMAGE, FieldSpec
from genstudio.domain.operations import TRANSLATE
from genstudio.engine.job import TrainingJob
from genstudio.engine.preview import tile
from genstudio.engine.state import TrainState
from genstudio.engine.stepper import Stepper
from genstudio.metrics.features import random_features
from genstudio.metrics.kid import KernelDistances
from genstudio.metrics.swd import SlicedWasserstein
from genstudio.metrics.translation import kept, l1_distance
from genstudio.models.protocol import Request
from genstudio.services.presets import resolve_settings

_TOLD_EVERY_S = 15.0
_SHEET_ROWS = 24
_CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def main() -> None:
    """Train who was asked for, and judge everybody who is there."""
    options = _options()
    torch.set_num_threads(options.threads)
    pairs = translation_sets.load(
        options.data, options.size, options.input, is_paired="unpaired" not in options.model
    )
    options.out.mkdir(parents=True, exist_ok=True)
    if options.entrant in {"ours", "both"}:
        _keep(options.out, options.name or "ours", *_train_ours(pairs, options))
    if options.entrant in {"reference", "both"}:
        _keep(options.out, options.name or "reference", *_train_reference(pairs, options))
    _judge(pairs, options.out)


def _train_ours(pairs: Pairs, options: argparse.Namespace) -> tuple[np.ndarray, dict[str, Any]]:
    settings = resolve_settings(
        preset=options.preset,
        model_key=options.model,
        training={
            "size": options.size,
            "precision": options.precision,
            "seed": options.seed,
            "device": "cpu",
            **({"batch": options.batch} if options.batch else {}),
        },
        model=dict(setting.split("=", 1) for setting in options.set),
    )
    fields = {
        name: Field(
            spec=FieldSpec(name=name, type=IMAGE, shape=values.shape[1:], group=group),
            values=values,
        )
        for name, values, group in (
            ("input", pairs.train_inputs, "pairs" if pairs.is_paired else "inputs"),
            ("target", pairs.train_targets, "pairs" if pairs.is_paired else "targets"),
        )
    }
    dataset = Dataset(fields=fields, modality="pairs" if pairs.is_paired else "two-sets")
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder)
        job = TrainingJob(settings=settings, dataset=dataset, run=run, checkpoints=run / "c")
        stepper = Stepper(TrainState(job), settings)
        clock = _CLOCKS[options.clock]
        begun_s = told_s = clock()
        stepper.state.clock.lap_s()
        while (now_s := clock()) - begun_s < 60 * options.minutes:
            stepper.take_step()
            if now_s - told_s > _TOLD_EVERY_S:
                told_s = now_s
                print(
                    stepper.state.counters.images_seen,
                    round(now_s - begun_s),
                    stepper.state.meter.read(stepper.state.step),
                    flush=True,
                )
        seconds = clock() - begun_s
    request = Request(
        settings=stepper.state.averaged.tasks[0].settings(),
        inputs={"input": list(pairs.test_inputs)},
    )
    made = np.stack([made.data for made in stepper.state.averaged.run(TRANSLATE, request)])
    weights = {
        name: sum(p.numel() for p in part.parameters())
        for name, part in stepper.state.averaged.network.items()
    }
    record = {"images": stepper.state.counters.images_seen, "seconds": seconds, "weights": weights}
    return made, record | {"settings": settings.model_dump(mode="json")}


def _train_reference(
    pairs: Pairs, options: argparse.Namespace
) -> tuple[np.ndarray, dict[str, Any]]:
    if pairs.is_paired:
        from pix2pix import Pix2Pix as Reference
    else:
        from cut import Cut as Reference

    torch.manual_seed(options.seed)
    reference = Reference(options.size, in_bf16=options.precision == "bf16")
    inputs, targets = (_floats(it) for it in (pairs.train_inputs, pairs.train_targets))
    order = np.random.default_rng(options.seed)
    images, told_s = 0, 0.0
    clock = _CLOCKS[options.clock]
    begun_s = clock()
    while (took_s := clock() - begun_s) < 60 * options.minutes:
        which = order.integers(len(inputs))
        other = which if pairs.is_paired else order.integers(len(targets))
        losses = reference.train_step(inputs[which : which + 1], targets[other : other + 1])
        images += 1
        if took_s - told_s > _TOLD_EVERY_S:
            told_s = took_s
            print(images, round(took_s), {k: round(float(v), 4) for k, v in losses.items()},
                  flush=True)  # fmt: skip
    seconds = clock() - begun_s
    made = torch.cat([reference.translate(it[None]) for it in _floats(pairs.test_inputs)])
    pixels = made.add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
    weights = {
        name: sum(p.numel() for p in part.parameters())
        for name, part in reference.networks().items()
    }
    return pixels.numpy(), {"images": images, "seconds": seconds, "weights": weights}


def _floats(pictures_NHWC: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(pictures_NHWC).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def _keep(out: Path, name: str, made: np.ndarray, record: Mapping[str, Any]) -> None:
    np.save(out / f"{name}.npy", made)
    (out / f"{name}.json").write_text(json.dumps(record, indent=1))


def _judge(pairs: Pairs, out: Path) -> None:
    """Print a table of everybody, and draw a sheet of input, everybody's answers, and target."""
    made = {path.stem: np.load(path) for path in sorted(out.glob("*.npy"))}
    floor = KernelDistances(random_features()(pairs.test_targets))
    surface = SlicedWasserstein(_floats(pairs.test_targets))
    print(f"{'':20}       L1      KID      SWD     luma    edges images/s")
    for name, pictures in ({"(the input)": pairs.test_inputs} | made).items():
        stayed = kept(pairs.test_inputs, pictures)
        figures = {
            "L1": l1_distance(pictures, pairs.test_targets) if pairs.is_paired else float("nan"),
            "KID": floor(random_features()(pictures)).value,
            "SWD": surface(_floats(pictures)),
            "luma": stayed.luminance_correlation,
            "edges": stayed.edge_iou,
        }
        record_path = out / f"{name}.json"
        record = json.loads(record_path.read_text()) if record_path.exists() else None
        speed = record["images"] / record["seconds"] if record else 0.0
        numbers = " ".join(f"{value:8.4g}" for value in figures.values())
        print(f"{name:20} {numbers} {speed:8.2f}")
    columns = [pairs.test_inputs, *made.values()]
    if pairs.is_paired:
        columns.append(pairs.test_targets)
    chosen = np.linspace(0, len(pairs.test_inputs) - 1, _SHEET_ROWS).astype(int)
    cells = [pictures[number] for number in chosen for pictures in columns]
    abreast = max(1, 12 // len(columns))
    Image.fromarray(tile(cells, abreast * len(columns))).save(out / "sheet.png")
    print("sheet:", " | ".join(["input", *made, *(["target"] if pairs.is_paired else [])]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--input", default="", help="name of the folder of inputs")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", default="paired-translation")
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--set", action="append", default=[], help="setting=value of the model")
    parser.add_argument("--batch", type=int, default=0, help="that of the preset by default")
    parser.add_argument("--entrant", choices=["ours", "reference", "both", "none"], default="both")
    parser.add_argument("--name", default="", help="that the entrant is shown by")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument(
        "--clock", choices=[*_CLOCKS], default="wall",
        help="cpu counts what this process computes, whatever else the machine does",
    )  # fmt: skip
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="bf16")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
