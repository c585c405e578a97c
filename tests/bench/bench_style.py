"""Style transfer beside its reference, and a network that learned the style.

    python tests/bench/bench_style.py --content photo.png --style painting.png --part reference
    python tests/bench/bench_style.py … --part controls --more-contents … --more-styles …
    python tests/bench/bench_style.py … --part sizes --threads 2
    python tests/bench/bench_style.py … --part learned --pictures FOLDER --minutes 5

The reference is GPDM's style transfer (Elnekave & Weiss 2022), written anew from the paper and the
settings that its authors give: one level, 300 steps of Adam at 0.01, 64 new directions a step, all
patches, sorted. Times are of processor time, both on one thread in one run.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from genstudio.domain.training import Budget, TrainingSettings
from genstudio.engine.trainer import NoCommands
from genstudio.metrics.style import edges_kept, patch_swd
from genstudio.models.protocol import Request
from genstudio.models.style.fast import PaintingSettings
from genstudio.models.style.optimisation import Effort, restyled
from genstudio.models.style.patches import random_directions
from genstudio.services.generation import load_model
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run

# Of the operation, as it is without a change of settings.
DEFAULT = Effort(steps=120, coarsest_px=64, momentum=0.5)
KEEP_EDGES = 0.62
# On one level, as the reference has it.
ONE_LEVEL = Effort(steps=400, patches=10**6, coarsest_px=10**6, momentum=0.5)


def reference(content: Tensor, style: Tensor) -> Tensor:
    """The authors' algorithm, on one level."""
    generator = torch.Generator().manual_seed(0)
    image = content.clone().requires_grad_()
    optimizer = torch.optim.Adam([image], lr=0.01)
    for _ in range(300):
        optimizer.zero_grad()
        kernels = random_directions(64, 3, generator)
        rows = [
            functional.conv2d(it, kernels).transpose(1, 0).reshape(64, -1).sort(1)[0]
            for it in (image, style)
        ]
        (rows[0] - rows[1]).abs().mean().backward()
        optimizer.step()
    return image.detach().clamp(-1, 1)


def ours(
    content: Tensor, style: Tensor, effort: Effort, keep_edges: float, seed: int = 0
) -> Tensor:
    *_, last = restyled(content, [style], seed=seed, keep_edges=keep_edges, effort=effort)
    assert last.image_NCHW is not None
    return last.image_NCHW


def timed(work: Callable[[], Tensor]) -> tuple[Tensor, float]:
    begin = time.process_time()
    return work(), time.process_time() - begin


def square(path: Path, side: int) -> np.ndarray:
    picture = Image.open(path).convert("RGB")
    shorter = min(picture.size)
    left, top = ((length - shorter) // 2 for length in picture.size)
    box = (left, top, left + shorter, top + shorter)
    return np.asarray(picture.crop(box).resize((side, side), Image.Resampling.LANCZOS))


def tensor(image_HWC: np.ndarray) -> Tensor:
    return torch.as_tensor(image_HWC.copy()).permute(2, 0, 1)[None] / 127.5 - 1


def pixels(image: Tensor) -> np.ndarray:
    return image[0].permute(1, 2, 0).add(1).mul(127.5).round().clamp(0, 255).byte().numpy()


def row(name: str, made: np.ndarray, content: np.ndarray, style: np.ndarray, cpu_s: float) -> float:
    distance = patch_swd(made, style)
    closer = 1 - distance / patch_swd(content, style)
    kept = edges_kept(made, content)
    print(f"{name:24} {cpu_s:8.2f} s  patch SWD {distance:.5f} (-{closer:.1%})  edges {kept:.2f}")
    return distance


def beside_reference(args: argparse.Namespace) -> None:
    content, style = (square(path, args.side) for path in (args.content, args.style))
    given, wanted = tensor(content), tensor(style)
    row("identity", content, content, style, 0)
    row("the style itself", style, content, style, 0)
    slow, slow_s = timed(lambda: reference(given, wanted))
    aim = row("reference", pixels(slow), content, style, slow_s)
    sheet = [content, style, pixels(slow)]
    for name, effort, kept in (
        ("ours on one level", ONE_LEVEL, 0.0),
        ("ours as it is", DEFAULT, KEEP_EDGES),
    ):
        made, made_s = timed(partial(ours, given, wanted, effort, kept))
        distance = row(name, pixels(made), content, style, made_s)
        print(f"{'':24} {made_s / slow_s:.3f} of its time, {distance / aim:.3f} of its distance")
        sheet.append(pixels(made))
    Image.fromarray(np.concatenate(sheet, 1)).save(args.sheet)


def beside_controls(args: argparse.Namespace) -> None:
    """Every picture in every style: at least 60 % closer, and an edge correlation of 0.5."""
    side, passed, total = args.side, 0, 0
    for path in (args.content, *args.more_contents):
        for style_path in (args.style, *args.more_styles):
            content, style = square(path, side), square(style_path, side)
            print(path.stem, "in the style of", style_path.stem)
            made, cpu_s = timed(partial(ours, tensor(content), tensor(style), DEFAULT, KEEP_EDGES))
            before = patch_swd(content, style)
            verdicts: dict[str, bool] = {}
            for name, result in (("identity", content), ("the style itself", style),
                                 ("ours", pixels(made))):  # fmt: skip
                distance = row(name, result, content, style, cpu_s if name == "ours" else 0)
                is_close, is_kept = distance <= 0.4 * before, edges_kept(result, content) >= 0.5
                verdicts[name] = is_close and is_kept
            assert not verdicts["identity"]
            assert not verdicts["the style itself"]
            passed, total = passed + verdicts["ours"], total + 1
    print(f"{passed} of {total} are closer by 60 % and keep the edges; no control does")


def sizes(args: argparse.Namespace) -> None:
    for side in (256, 512, 1024):
        content, style = (square(path, side) for path in (args.content, args.style))
        begin = time.perf_counter()
        given, wanted = tensor(content), tensor(style)
        work = partial(ours, given, wanted, DEFAULT, KEEP_EDGES)
        made, cpu_s = timed(work)
        row(f"{side} px", pixels(made), content, style, cpu_s)
        print(f"{'':24} {time.perf_counter() - begin:8.2f} s by the clock")


def learned(args: argparse.Namespace) -> None:
    with TemporaryDirectory() as folder:
        place = Path(folder)
        given, wanted = place / "pictures" / "content", place / "pictures" / "style"
        for target in (given, wanted):
            target.mkdir(parents=True)
        names = sorted(args.pictures.iterdir())
        for number, path in enumerate(names[: args.count]):
            Image.fromarray(square(path, args.side)).save(given / f"{number:04}.png")
        Image.fromarray(square(args.style, args.side)).save(wanted / "style.png")
        settings = TrainingSettings(
            model_key="fast-style", modality="two-sets", size=args.side, batch=4,
            budget=Budget(unit="minutes", amount=args.minutes), seed=0, device="cpu",
            precision="fp32", preview_every_s=1e6, save_every_s=1e6,
        )  # fmt: skip
        request = NewRun(folder=place / "pictures", project=place / "project", settings=settings)
        *_, ended = start_run(request, NoCommands())
        print(type(ended).__name__, ended.step, "steps")
        run = Run(ended.run)
        model = load_model(run, run.checkpoint("last"))
        content, style = (square(path, args.side) for path in (args.content, args.style))

        def paint(touch_up: bool) -> Tensor:
            wanted = Request(
                settings=PaintingSettings(touch_up=touch_up), inputs={"input": [content]}
            )
            (artifact,) = model.run("translate", wanted)
            return tensor(artifact.data)

        paint(True)
        quick, quick_s = timed(partial(paint, False))
        made, made_s = timed(partial(paint, True))
        slow, slow_s = timed(lambda: ours(tensor(content), tensor(style), DEFAULT, KEEP_EDGES))
        far = row("optimised", pixels(slow), content, style, slow_s)
        for name, image, cpu_s in (("network", quick, quick_s), ("touched up", made, made_s)):
            near = row(name, pixels(image), content, style, cpu_s)
            print(f"{'':24} {slow_s / cpu_s:.0f} times as fast, {near / far:.2f} of its distance")
        Image.fromarray(
            np.concatenate([content, style, pixels(quick), pixels(made), pixels(slow)], 1)
        ).save(args.sheet)


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "reference": beside_reference,
    "controls": beside_controls,
    "sizes": sizes,
    "learned": learned,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--content", type=Path, required=True)
    parser.add_argument("--style", type=Path, required=True)
    parser.add_argument("--part", choices=sorted(PARTS), required=True)
    parser.add_argument("--more-contents", type=Path, nargs="*", default=[])
    parser.add_argument("--more-styles", type=Path, nargs="*", default=[])
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--sheet", type=Path, default=Path("sheet.png"))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    PARTS[args.part](args)


if __name__ == "__main__":
    main()
