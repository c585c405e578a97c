"""How well and how fast what does not belong is found, beside two plain ways, in one run.

    python tests/bench/bench_anomaly.py textures [--side 128] [--steps 300] [--only dots wood]
    python tests/bench/bench_anomaly.py textures --grey …: the same pictures, of one channel
    python tests/bench/bench_anomaly.py textiles --data FOLDER [--steps 300] [--grey]
    python tests/bench/bench_anomaly.py speed [--side 256]

Ours goes the way that a person goes: a folder is trained on, and the detector of the operation
looks at the tests. PCA-patch: squared distance of 8 × 8 patches to the plane of their principal
components that hold 95 % of the variance. kNN-patch: PatchCore's idea without downloaded weights,
the distance of 8 × 8 patches to the nearest of a tenth of the whole ones. Both are smoothed alike,
and a picture is as strange as its strangest 0.5 %. The plain VAE is ours with the card's score.
Image AUROC, pixel AUROC and AUPRO (up to 30 % false pixels); "shuffled" is image AUROC of labels
in random order, 0.5 if all is well.
"""

import argparse
import dataclasses
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from defect_sets import DEFECTS, TEXTURES, DefectSet, make_set
from PIL import Image
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from genstudio.domain import events
from genstudio.domain.progress import drain
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.engine.threads import single_threaded
from genstudio.engine.trainer import NoCommands
from genstudio.metrics.detection import auroc
from genstudio.models.blocks.local_statistics import blurred
from genstudio.services.anomalies import Detector
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run

Scores = tuple[np.ndarray, np.ndarray]  # Maps (N, H, W) and a score for each picture.
_PATCH = 8
_STRANGEST = 0.005
# A command, and behind what it prints the most memory that it took, as Linux tells it.
_WEIGHED = """
import runpy
try:
    runpy.run_module("genstudio", run_name="__main__")
except SystemExit:
    pass
print([line for line in open("/proc/self/status") if line.startswith("VmHWM")][0])
"""


def aupro(maps_NHW: np.ndarray, masks_NHW: np.ndarray, most_false: float = 0.3) -> float:
    """Area under the per-region overlap (Bergmann et al. 2020, arXiv:1911.02357), in [0, 1]."""
    outside = np.sort(maps_NHW[~masks_NHW])
    thresholds = np.quantile(outside, np.linspace(1, 1 - most_false, 200))
    false = 1 - np.searchsorted(outside, thresholds, side="right") / len(outside)
    overlaps = []
    for scores_HW, mask_HW in zip(maps_NHW, masks_NHW, strict=True):
        regions_HW, count = ndimage.label(mask_HW)
        for number in range(1, count + 1):
            inside = np.sort(scores_HW[regions_HW == number])
            overlaps.append(1 - np.searchsorted(inside, thresholds, side="right") / len(inside))
    grid = np.linspace(0, most_false, 200)
    return float(np.trapezoid(np.interp(grid, false, np.mean(overlaps, axis=0)), grid) / most_false)


def _tensor(images_NHWC: np.ndarray) -> Tensor:
    return torch.from_numpy(images_NHWC).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def _patches(images_NCHW: Tensor, stride: int) -> Tensor:
    found = functional.unfold(images_NCHW, _PATCH, stride=stride, padding=_PATCH // 2)
    return found.permute(0, 2, 1)


def _scored(distances: Tensor, side: int) -> tuple[np.ndarray, float]:
    cells = int(len(distances) ** 0.5)
    map_NCHW = functional.interpolate(
        distances.reshape(1, 1, cells, cells), (side, side), mode="bilinear"
    )
    map_HW = blurred(map_NCHW, 2.0)[0, 0]
    strangest = map_HW.flatten().topk(round(_STRANGEST * side**2)).values.mean()
    return map_HW.numpy(), float(strangest)


def pca_patch(normal_NHWC: np.ndarray) -> Callable[[np.ndarray], tuple[np.ndarray, float]]:
    """Learn the plane; gives what scores a picture."""
    rows = _patches(_tensor(normal_NHWC[:60]), 2).flatten(0, 1)
    mean = rows.mean(0)
    off = (rows - mean)[:: max(1, len(rows) // 200_000)]
    variances, components = torch.linalg.eigh(off.T @ off / len(off))
    variances, components = variances.flip(0), components.flip(1)
    count = int((variances.cumsum(0) / variances.sum() < 0.95).sum()) + 1
    kept = components[:, :count]

    def score(image_HWC: np.ndarray) -> tuple[np.ndarray, float]:
        rows = _patches(_tensor(image_HWC[None]), 2)[0] - mean
        return _scored((rows - (rows @ kept) @ kept.T).square().mean(1), image_HWC.shape[0])

    return score


def knn_patch(normal_NHWC: np.ndarray) -> Callable[[np.ndarray], tuple[np.ndarray, float]]:
    """Keep a tenth of the whole patches; gives what scores a picture."""
    rows = _patches(_tensor(normal_NHWC), 4).flatten(0, 1)
    chosen = torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))
    bank = rows[chosen[: len(rows) // 10]]
    lengths = bank.square().sum(1)

    def score(image_HWC: np.ndarray) -> tuple[np.ndarray, float]:
        rows = _patches(_tensor(image_HWC[None]), 4)[0]
        nearest = [
            (lengths - 2 * part @ bank.T).min(1).values + part.square().sum(1)
            for part in rows.split(512)
        ]
        return _scored(torch.cat(nearest).clamp_min(0).sqrt(), image_HWC.shape[0])

    return score


def _save(folder: Path, images_NHWC: Sequence[np.ndarray], *, mode: str = "RGB") -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:04}.png" for number in range(len(images_NHWC))]
    for path, image in zip(paths, images_NHWC, strict=True):
        Image.fromarray(image).convert(mode).save(path)
    return paths


def trained(
    key: str, folder: Path, project: Path, size: int, steps: int, *, grey: bool = False
) -> Run:
    """A run on a folder, as the command line would make it."""
    model: dict[str, Any] = {"sharpen": 0.0} if key == "residual-vae" else {}
    settings = TrainingSettings(
        model_key=key, model=model, size=size, batch=8, seed=0, device="cpu", mirror=False,
        budget=Budget(unit="steps", amount=steps), preview_every_s=1e6, save_every_s=1e6,
        ema_half_life_kimg=0.2, colours="grey" if grey else "colour",
    )  # fmt: skip
    *_, ending = start_run(NewRun(folder=folder, project=project, settings=settings), NoCommands())
    assert isinstance(ending, events.Finished), ending
    assert ending.run is not None
    return Run(ending.run)


@single_threaded
def _looked_at(run: Run, paths: Sequence[Path]) -> Any:
    detector = Detector(run, run.checkpoint("last"))
    drain(detector.calibrate(0.05))
    yield [detector.look_at(path) for path in paths], detector.threshold


def ours(key: str, run: Run, paths: Sequence[Path]) -> tuple[np.ndarray, np.ndarray, float]:
    """Maps, scores, and the share of whole held-out pictures above the threshold."""
    ((findings, threshold),) = _looked_at(run, paths)
    maps = np.stack([it.scored.map_HW for it in findings])
    return maps, np.array([it.scored.score for it in findings]), threshold.score


def _line(name: str, data: DefectSet, maps: np.ndarray, scores: np.ndarray) -> list[float]:
    is_odd = data.is_defective_N
    kinds = np.array(data.kinds)
    figures = [
        auroc(scores[~is_odd], scores[is_odd]),
        auroc(maps[~data.masks_NHW][::7], maps[data.masks_NHW]),
        aupro(maps, data.masks_NHW),
    ]
    by_kind = " ".join(
        f"{kind.split()[0]} {auroc(scores[~is_odd], scores[kinds == kind]):.2f}" for kind in DEFECTS
    )
    shown = " ".join(f"{value:.3f}" for value in figures)
    print(f"  {name:10} {shown} | {by_kind}", flush=True)
    return figures


def textures(
    side: int,
    steps: int,
    only: Sequence[str],
    num_normal: int,
    per_kind: int,
    *,
    grey: bool = False,
    beside: bool = True,
) -> None:
    """The table of all textures; with ``grey``, of one channel, and where ``beside``, of others."""
    total: dict[str, list[list[float]]] = {}
    shuffled = []
    for texture in only or TEXTURES:
        data = make_set(
            texture, side=side, num_normal=num_normal, num_whole=5 * per_kind, per_kind=per_kind
        )
        if grey:
            data = dataclasses.replace(
                data, normal_NHWC=_without_colours(data.normal_NHWC),
                test_NHWC=_without_colours(data.test_NHWC),
            )  # fmt: skip
        print(texture, flush=True)
        with tempfile.TemporaryDirectory() as place:
            mode = "L" if grey else "RGB"
            paths = _save(Path(place) / "tests", data.test_NHWC, mode=mode)
            _save(Path(place) / "normal", data.normal_NHWC, mode=mode)
            entrants = [("ours", "repair-autoencoder"), ("plain VAE", "residual-vae")]
            for name, key in entrants if beside else entrants[:1]:
                run = trained(
                    key, Path(place) / "normal", Path(place) / key, side, steps, grey=grey
                )
                maps, scores, _ = ours(key, run, paths)
                total.setdefault(name, []).append(_line(name, data, maps, scores))
                if name == "ours":
                    orders = [np.random.default_rng(k).permutation(len(scores)) for k in range(50)]
                    odd = data.is_defective_N
                    shuffled += [auroc(scores[it][~odd], scores[it][odd]) for it in orders]
        others = [("PCA-patch", pca_patch), ("kNN-patch", knn_patch)] if beside else []
        for name, learn in others:
            score = learn(data.normal_NHWC)
            found = [score(image) for image in data.test_NHWC]
            maps = np.stack([it[0] for it in found])
            scores = np.array([it[1] for it in found])
            total.setdefault(name, []).append(_line(name, data, maps, scores))
    print("mean of textures: image AUROC, pixel AUROC, AUPRO")
    for name, rows in total.items():
        print(f"  {name:10} " + " ".join(f"{value:.3f}" for value in np.mean(rows, axis=0)))
    print(f"  shuffled   {np.mean(shuffled):.3f}")


def _without_colours(images_NHWC: np.ndarray) -> np.ndarray:
    """The same as pictures of grey, which are saved, decoded and learned as one channel."""
    greys = [np.asarray(Image.fromarray(image).convert("L")) for image in images_NHWC]
    return np.repeat(np.stack(greys)[..., None], 3, axis=-1)


def textiles(folder: Path, steps: int, size: int, *, grey: bool = False) -> None:
    """The simulated textiles: small (local) and overall (global) defects, no masks."""
    groups = {
        name: sorted((folder / "test" / name).iterdir()) for name in ("normal", "local", "global")
    }
    with tempfile.TemporaryDirectory() as place:
        normal = folder / "normal"
        run = trained("repair-autoencoder", normal, Path(place), size, steps, grey=grey)
        found = {name: ours("", run, paths) for name, paths in groups.items()}
    threshold = found["normal"][2]
    normal = _tensor_free(sorted((folder / "normal").iterdir()), size)
    score = knn_patch(normal[:60])
    beside = {
        name: [score(image)[1] for image in _tensor_free(paths[:20], size)]
        for name, paths in groups.items()
    }
    for name in ("local", "global"):
        area = auroc(found["normal"][1], found[name][1])
        print(f"  {name:7} ours {area:.3f}   kNN-patch {auroc(beside['normal'], beside[name]):.3f}")
    alarms = float((found["normal"][1] > threshold).mean())
    print(f"  false alarms among whole tests at a wanted 5 %: {alarms:.1%}")


def _tensor_free(paths: Sequence[Path], size: int) -> np.ndarray:
    return np.stack(
        [np.asarray(Image.open(path).convert("RGB").resize((size, size))) for path in paths]
    )


@single_threaded
def _timed(score: Callable[[np.ndarray], object], images: Sequence[np.ndarray]) -> Any:
    score(images[0])
    began = time.process_time()
    for image in images:
        score(image)
    yield len(images) / (time.process_time() - began)


def speed(side: int) -> None:
    """Pictures a second of processor time on one core, and the memory that ours takes."""
    data = make_set("dots", side=side, num_normal=60, num_whole=6, per_kind=1)
    images = list(data.test_NHWC)
    with tempfile.TemporaryDirectory() as place:
        _save(Path(place) / "normal", data.normal_NHWC)
        run = trained("repair-autoencoder", Path(place) / "normal", Path(place) / "P", side, 2)
        detector = Detector(run, run.checkpoint("last"))
        (own,) = _timed(detector._model.score, images)
        paths = _save(Path(place) / "tests", data.test_NHWC)
        arguments = ["apply", "detect-anomalies", str(paths[0].parent), "--run", str(run.path)]
        arguments += ["--out", f"{place}/out"]
        done = subprocess.run(
            [sys.executable, "-c", _WEIGHED, *arguments], check=True, capture_output=True, text=True
        )
    print(f"  ours      {own:.1f} pictures/s; the whole command: {done.stdout.split()[-2]} kB")
    (other,) = _timed(knn_patch(data.normal_NHWC), images[:4])
    print(f"  kNN-patch {other:.2f} pictures/s; ours is {own / other:.1f} times as fast")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["textures", "textiles", "speed"])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--side", type=int, default=None)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--normal", type=int, default=100)
    parser.add_argument("--per-kind", type=int, default=6)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--grey", action="store_true")
    parser.add_argument("--ours-only", action="store_true")
    given = parser.parse_args()
    if given.what == "textures":
        textures(
            given.side or 128, given.steps, given.only, given.normal, given.per_kind,
            grey=given.grey, beside=not given.ours_only,
        )  # fmt: skip
    elif given.what == "textiles":
        textiles(given.data, given.steps, given.side or 256, grey=given.grey)
    else:
        speed(given.side or 256)


if __name__ == "__main__":
    main()
