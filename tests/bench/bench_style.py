"""Style transfer beside its reference, a network that learned the style, and films.

    python tests/bench/bench_style.py --content photo.png --style painting.png --part reference
    python tests/bench/bench_style.py … --part sizes
    python tests/bench/bench_style.py … --part learned --pictures FOLDER --minutes 5
    python tests/bench/bench_style.py … --part film

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
from genstudio.metrics.steadiness import flicker, warp_error
from genstudio.metrics.style import edges_kept, patch_swd
from genstudio.models.protocol import Request
from genstudio.models.style.key_frames import KeyFrame, KeyFramePainter
from genstudio.models.style.optimisation import Effort, restyled
from genstudio.models.style.patches import random_directions
from genstudio.models.translating import TranslationSettings
from genstudio.services.generation import load_model
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run

# Of the operation, as it is without a change of settings.
DEFAULT = Effort(steps=120, coarsest_px=64)
KEEP_EDGES = 0.62
# As close to the style as the reference comes, at one level as it has.
AS_CLOSE = Effort(steps=450, directions=32, patches=30_000, coarsest_px=10**6)


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


def ours(content: Tensor, style: Tensor, effort: Effort, keep_edges: float) -> Tensor:
    *_, last = restyled(content, [style], seed=0, keep_edges=keep_edges, effort=effort)
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
    print(f"{name:24} {cpu_s:8.2f} s  patch SWD {distance:.4f} (-{closer:.1%})  edges {kept:.2f}")
    return distance


def beside_reference(args: argparse.Namespace) -> None:
    content, style = (square(path, args.side) for path in (args.content, args.style))
    given, wanted = tensor(content), tensor(style)
    row("identity", content, content, style, 0)
    row("the style itself", style, content, style, 0)
    slow, slow_s = timed(lambda: reference(given, wanted))
    row("reference", pixels(slow), content, style, slow_s)
    fast, fast_s = timed(lambda: ours(given, wanted, AS_CLOSE, 0.0))
    row("ours, as close", pixels(fast), content, style, fast_s)
    usual, usual_s = timed(lambda: ours(given, wanted, DEFAULT, KEEP_EDGES))
    row("ours, as it is", pixels(usual), content, style, usual_s)
    print(f"time {fast_s / slow_s:.3f} of the reference; as it is {usual_s / slow_s:.3f}")
    Image.fromarray(
        np.concatenate([content, style, pixels(slow), pixels(fast), pixels(usual)], 1)
    ).save(args.sheet)


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

        def paint() -> Tensor:
            wanted = Request(settings=TranslationSettings(), inputs={"input": [content]})
            (artifact,) = model.run("translate", wanted)
            return tensor(artifact.data)

        paint()
        quick, quick_s = timed(paint)
        slow, slow_s = timed(lambda: ours(tensor(content), tensor(style), DEFAULT, KEEP_EDGES))
        near = row("learned", pixels(quick), content, style, quick_s)
        far = row("optimised", pixels(slow), content, style, slow_s)
        print(f"{slow_s / quick_s:.0f} times as fast, patch SWD {near / far:.2f} times")
        Image.fromarray(np.concatenate([content, style, pixels(quick), pixels(slow)], 1)).save(
            args.sheet
        )


def _grainy(frame_HWC: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """As a camera sees it."""
    noise = generator.normal(0, 3, frame_HWC.shape)
    return np.clip(frame_HWC + noise, 0, 255).astype(np.uint8)


def film(args: argparse.Namespace) -> None:
    """A pan over the content, painted by key frame and frame by frame."""
    side, step, count = 256, 2, 10
    wide, style = square(args.content, side + step * count), square(args.style, side)
    grain = np.random.default_rng(0)
    pan = [
        _grainy(wide[:side, step * number : step * number + side], grain) for number in range(count)
    ]
    shifts = [(0, -step)] * (count - 1)
    singles: list[np.ndarray] = []
    begin = time.process_time()
    for number, frame in enumerate(pan):
        *_, last = restyled(
            tensor(frame), [tensor(style)], seed=number, keep_edges=KEEP_EDGES, effort=DEFAULT
        )
        assert last.image_NCHW is not None
        singles.append(pixels(last.image_NCHW))
    single_s = (time.process_time() - begin) / count
    begin = time.process_time()
    painter = KeyFramePainter([KeyFrame(pan[count // 2], singles[count // 2])], seed=0)
    for _ in painter.learn(args.steps):
        pass
    learning_s = time.process_time() - begin
    begin = time.process_time()
    painted = [painter.paint(frame) for frame in pan]
    painted_s = (time.process_time() - begin) / count
    own = warp_error(pan, shifts)
    print(f"learning {learning_s:.1f} s; a frame {painted_s:.3f} s, by itself {single_s:.2f} s: "
          f"{single_s / painted_s:.0f} times as fast")  # fmt: skip
    for name, frames in (("input", pan), ("frame by frame", singles), ("key frame", painted)):
        error = warp_error(frames, shifts)
        print(f"{name:16} warp error {error:.4f} ({error / own:.2f} of the input's)  "
              f"flicker {flicker(frames, pan):.4f}")  # fmt: skip
    strip = [np.concatenate([f[::2, ::2] for f in fs[:: count // 5]], 1) for fs in
             (pan, singles, painted)]  # fmt: skip
    Image.fromarray(np.concatenate(strip, 0)).save(args.sheet)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--content", type=Path, required=True)
    parser.add_argument("--style", type=Path, required=True)
    parser.add_argument("--part", choices=["reference", "sizes", "learned", "film"], required=True)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--sheet", type=Path, default=Path("sheet.png"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    parts = {"reference": beside_reference, "sizes": sizes, "learned": learned, "film": film}
    parts[args.part](args)


if __name__ == "__main__":
    main()
