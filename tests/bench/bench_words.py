"""Whether pictures are what their prompts say: combinations seen, withheld, and shuffled prompts.

Painted shapes in colours at places in sizes, of which 15 % of the combinations are never learned
from. A classifier that has learned from real pictures of all combinations says what is on the
pictures that the model draws; a prompt is right where shape, colour, place and size all are.

    python tests/bench/bench_words.py --out FOLDER --minutes 20 --threads 2

``--clock cpu`` counts the processor time of the process instead, on machines that others use, too.
With ``--judge-every M`` the model is judged on the way as well; the time for that is not counted.
With ``--peer`` the same is done to the smallest conditional network of diffusers in its own loop.

With ``--captions FOLDER`` real pictures with captions take the place of the painted ones
(``caption_sets.py``): of each caption that was withheld a picture is drawn, and two judges who are
not the model say which of ten captions it is of.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from caption_sets import CaptionJudge, read_captioned
from peers.conditional_ddpm import ConditionalDDPM
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from word_sets import (
    COLOURS,
    PLACES,
    SHAPES,
    SIZES,
    Combination,
    all_combinations,
    caption_of,
    painted,
    split_combinations,
)

from genstudio.data.dataset import Dataset, Field
from genstudio.domain.fields import IMAGE, TOKENS, FieldSpec
from genstudio.domain.operations import GENERATE
from genstudio.domain.words import FIRST_WORD, MOST_TOKENS, token_ids, vocabulary
from genstudio.engine.job import TrainingJob
from genstudio.engine.preview import tile
from genstudio.engine.state import TrainState
from genstudio.engine.stepper import Stepper
from genstudio.metrics.report import judge as judge_pictures
from genstudio.models.protocol import Request, TrainableModel
from genstudio.models.tasks import task_of
from genstudio.services.presets import resolve_settings

_TOLD_EVERY_S = 30.0
_CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
_ATTRIBUTES = (SHAPES, tuple(COLOURS), tuple(PLACES), tuple(SIZES))
_NAMES = ("shape", "colour", "place", "size")
_PICTURES_FOR_CLASSIFIER = 30
_SHEET = 48
# A prompt and a seed => uint8 (height, width, 3).
Draw: TypeAlias = Callable[[str, int], np.ndarray]


def main() -> None:
    """Train the classifier and the model, and say how often prompts are met."""
    options = _options()
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.captions is not None:
        _captions(options)
        return
    judge = Judge(options.size, options.each_judged)
    print(f"classifier on other real pictures: {judge.accuracy_on_real:.4f}", flush=True)
    if options.peer:
        record = _train_peer(options, judge)
    else:
        seen, _ = split_combinations()
        real = painted(seen, options.each, options.size, seed=0)
        model, record = _train(options, judge, captioned(real.images_NHWC, real.captions))
        draw = _drawing(model, options.guidance)
        record["judged"].append(judge(draw, options.out / "sheet.png"))
    record["classifier"] = judge.accuracy_on_real
    print(json.dumps(record["judged"][-1]))
    (options.out / "record.json").write_text(json.dumps(record, indent=1))


class Classifier(nn.Module):
    """Pictures in [-1, 1] (N, 3, S, S) => logits of each attribute."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 32, 64, 96)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
            layers += [nn.MaxPool2d(2)]
        self.body = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Dropout(0.2))
        self.heads = nn.ModuleList(nn.Linear(96 * 16, len(names)) for names in _ATTRIBUTES)

    def forward(self, images_NCHW: Tensor) -> list[Tensor]:
        """Say what is on them."""
        features = self.body(images_NCHW)
        return [head(features) for head in self.heads]


class Judge:
    """A classifier of real pictures, and the prompts that are asked."""

    def __init__(self, size: int, each: int) -> None:
        self._size = size
        self._prompts = dict(zip(("seen", "withheld"), split_combinations(), strict=True))
        # As many of those that were seen as of those that were not.
        chosen = np.random.default_rng(1).permutation(len(self._prompts["seen"]))
        few = [self._prompts["seen"][at] for at in chosen[: len(self._prompts["withheld"])]]
        self._prompts["seen"] = few
        self._each = each
        torch.manual_seed(0)
        self._net = Classifier()
        self.accuracy_on_real = self._learn()

    def _learn(self) -> float:
        real = painted(all_combinations(), _PICTURES_FOR_CLASSIFIER, self._size, seed=100)
        images, labels = _floats(real.images_NHWC), _labels(real.combinations)
        optimizer = torch.optim.AdamW(self._net.parameters(), lr=2e-3)
        epochs, batch = 6, 64
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, 4e-3, total_steps=epochs * (len(images) // batch)
        )
        for _ in range(epochs):
            for rows in torch.randperm(len(images))[: len(images) // batch * batch].split(batch):
                logits = self._net(images[rows])
                loss = sum(
                    (
                        functional.cross_entropy(out, labels[rows, at])
                        for at, out in enumerate(logits)
                    ),
                    torch.zeros(()),
                )
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
        self._net.eval()
        other = painted(all_combinations(), 4, self._size, seed=101)
        right = self._seen_on(other.images_NHWC) == _labels(other.combinations)
        return float(right.all(dim=1).float().mean())

    @torch.no_grad()
    def _seen_on(self, images_NHWC: np.ndarray) -> Tensor:
        return torch.stack([out.argmax(1) for out in self._net(_floats(images_NHWC))], dim=1)

    def __call__(self, draw: Draw, sheet: Path) -> dict[str, Any]:
        """Draw all prompts and see what came out of them."""
        figures: dict[str, Any] = {}
        cells: list[np.ndarray] = []
        made: list[np.ndarray] = []
        began_s, drawn = time.process_time(), 0
        for name, combinations in self._prompts.items():
            wanted = [it for it in combinations for _ in range(self._each)]
            images = np.stack([draw(caption_of(it, n), n) for n, it in enumerate(wanted)])
            drawn += len(images)
            made.append(images)
            found, labels = self._seen_on(images), _labels(wanted)
            right = found == labels
            shuffled = labels[torch.randperm(len(labels), generator=torch.manual_seed(2))]
            figures[name] = float(right.all(dim=1).float().mean())
            figures[f"{name} by attribute"] = {
                attribute: float(right[:, at].float().mean()) for at, attribute in enumerate(_NAMES)
            }
            figures[f"{name}, prompts shuffled"] = float(
                (found == shuffled).all(dim=1).float().mean()
            )
            cells += list(images[:: max(1, len(images) // _SHEET)][:_SHEET])
        figures["cpu seconds per picture"] = (time.process_time() - began_s) / drawn
        figures["chance"] = 1 / len(all_combinations())
        # Of the prompts' own combinations, painted anew.
        asked = [it for combinations in self._prompts.values() for it in combinations]
        real = painted(asked, self._each, self._size, seed=102).images_NHWC
        figures["KID × 1,000"] = judge_pictures(np.concatenate(made), real).kid.value
        Image.fromarray(tile(cells, 12)).save(sheet)
        return figures


def _drawing(model: TrainableModel, guidance: float) -> Draw:
    """How our model draws one."""

    def draw(prompt: str, seed: int) -> np.ndarray:
        settings = task_of(model, GENERATE).settings(prompt=prompt)
        if guidance:
            settings = settings.model_copy(update={"guidance": guidance})
        (made,) = model.run(GENERATE, Request(seeds=[seed], settings=settings))
        return made.data

    return draw


def _train_peer(options: argparse.Namespace, judge: Judge) -> dict[str, Any]:
    """The peer: judged as its pipelines draw, and once more by a faster sampler."""
    seen, _ = split_combinations()
    real = painted(seen, options.each, options.size, seed=0)
    words = vocabulary(real.captions)
    ids = torch.tensor([token_ids(it, words) for it in real.captions])
    peer = ConditionalDDPM(len(words) + FIRST_WORD)
    record: dict[str, Any] = {"parameters": peer.num_parameters, "judged": []}
    images = _floats(real.images_NHWC)
    record["images"] = peer.train(images, ids, _CLOCKS[options.clock], 60 * options.minutes)
    for name, steps in (("DDPM, 1,000 steps", 1000), ("DDIM, 50 steps", 50)):
        if steps > options.most_peer_steps:
            continue

        def draw(prompt: str, seed: int, steps: int = steps) -> np.ndarray:
            return peer.draw(
                torch.tensor([token_ids(prompt, words)]), seed, steps, options.guidance
            )

        figures = judge(draw, options.out / f"sheet-{steps}.png")
        record["judged"].append({"sampler": name, **figures})
        print(json.dumps(record["judged"][-1]), flush=True)
    return record


def _captions(options: argparse.Namespace) -> None:
    """Train on real pictures with captions, and say how often withheld captions are told."""
    learned, withheld = read_captioned(options.captions, options.size)
    print(len(learned.captions), "pairs,", len(withheld.captions), "withheld", flush=True)
    judge = CaptionJudge(learned, withheld)
    print(json.dumps(judge.ceilings), flush=True)

    def judged(draw: Draw, sheet: Path) -> dict[str, Any]:
        drawn = np.stack([draw(it, seed) for seed, it in enumerate(withheld.captions)])
        # Drawn, and below it the real picture of the same caption.
        some = range(0, len(drawn), max(1, len(drawn) // (2 * _SHEET)))
        rows = [list(some)[at : at + 12] for at in range(0, len(some), 12)]
        cells = [it[at] for row in rows for it in (drawn, withheld.images_NHWC) for at in row]
        Image.fromarray(tile(cells, 12)).save(sheet)
        sheet.with_suffix(".txt").write_text("\n".join(withheld.captions[at] for at in some))
        return judge(drawn)

    dataset = captioned(learned.images_NHWC, learned.captions)
    model, record = _train(options, judged, dataset)
    record["judged"].append(judged(_drawing(model, options.guidance), options.out / "sheet.png"))
    print(json.dumps(record["judged"][-1]))
    (options.out / "record.json").write_text(json.dumps(record, indent=1))


def _train(
    options: argparse.Namespace,
    judge: Callable[[Draw, Path], dict[str, Any]],
    dataset: Dataset,
) -> tuple[TrainableModel, dict[str, Any]]:
    settings = resolve_settings(
        preset="balanced",
        model_key="word-flow",
        training={
            "size": options.size,
            "precision": options.precision,
            "seed": options.seed,
            "device": "cpu",
            "batch": options.batch,
            "mirror": False,
            "modality": "captions",
        },
        model=dict(setting.split("=", 1) for setting in options.set),
    )
    record: dict[str, Any] = {"settings": settings.model_dump(mode="json"), "judged": []}
    clock = _CLOCKS[options.clock]
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder)
        job = TrainingJob(settings=settings, dataset=dataset, run=run, checkpoints=run / "c")
        stepper = Stepper(TrainState(job), settings)
        begun_s = told_s = judged_s = clock()
        stepper.state.clock.lap_s()
        while (now_s := clock()) - begun_s < 60 * options.minutes:
            stepper.take_step()
            if now_s - told_s > _TOLD_EVERY_S:
                told_s = now_s
                losses = stepper.state.meter.read(stepper.state.step)
                seen_so_far = stepper.state.counters.images_seen
                print(seen_so_far, round(now_s - begun_s), losses, flush=True)
            if options.judge_every and now_s - judged_s > 60 * options.judge_every:
                figures = judge(
                    _drawing(stepper.state.averaged, options.guidance), options.out / "sheet.png"
                )
                figures["minutes"] = (now_s - begun_s) / 60
                record["judged"].append(figures)
                print(json.dumps(figures), flush=True)
                begun_s += clock() - now_s
                judged_s = told_s = clock()
        record["minutes"] = (clock() - begun_s) / 60
        record["images"] = stepper.state.counters.images_seen
    return stepper.state.averaged, record


def captioned(images_NHWC: np.ndarray, captions: Sequence[str]) -> Dataset:
    """Pictures and captions as examples."""
    words = vocabulary(captions)
    ids = np.array([token_ids(caption, words) for caption in captions], np.int64)
    return Dataset(
        modality="captions",
        fields={
            "images": Field(
                spec=FieldSpec(name="images", type=IMAGE, shape=tuple(images_NHWC.shape[1:])),
                values=images_NHWC,
            ),
            "tokens": Field(
                spec=FieldSpec(name="tokens", type=TOKENS, shape=(MOST_TOKENS,)), values=ids
            ),
        },
        words=words,
    )


def _labels(combinations: Sequence[Combination]) -> Tensor:
    return torch.tensor(
        [
            [names.index(value) for names, value in zip(_ATTRIBUTES, it, strict=True)]
            for it in combinations
        ]
    )


def _floats(images_NHWC: np.ndarray) -> Tensor:
    return torch.as_tensor(images_NHWC).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--clock", choices=sorted(_CLOCKS), default="wall")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", default="bf16")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--each", type=int, default=12, help="pictures of each combination")
    parser.add_argument("--each-judged", type=int, default=3)
    parser.add_argument("--judge-every", type=float, default=0, help="minutes")
    parser.add_argument("--guidance", type=float, default=0, help="0 is the model's default")
    parser.add_argument("--captions", type=Path, help="a folder of pictures with captions")
    parser.add_argument("--peer", action="store_true", help="diffusers' network and loop")
    parser.add_argument("--most-peer-steps", type=int, default=1000, help="of drawing")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--set", action="append", default=[], help="setting of the model: key=value"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
