"""Films in a style: how steady they are, how fast, and how much memory they take.

    python tests/bench/bench_style_films.py --style painting.png --picture photo.png --sheet FILE
    python tests/bench/bench_style_films.py --style painting.png --clip film.mp4 --sheet FILE

With --picture, a pan and a zoom over it by parts of pixels, whose warp error is known; with
--clip, a cut of a film. One frame is painted by style transfer, the network learns from it as
"restyle-video" does, paints all, and they are steadied; beside it each frame is painted by style
transfer alone.
Times are of processor time.
"""

import argparse
import resource
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from bench_style import DEFAULT, KEEP_EDGES, ours, pixels, square, tensor
from PIL import Image

from genstudio.data.films import opened_film
from genstudio.metrics.steadiness import Motion, flicker, warp_error
from genstudio.metrics.style import edges_kept, patch_swd
from genstudio.models.style.key_frames import KeyFrame, KeyFramePainter
from genstudio.models.style.steadying import Steadier

SIDE = 256
MOTIONS = {
    "pan": Motion(rows=0.35, columns=-1.4),
    "zoom": Motion(zoom=1.012),
}


def synthetic(picture: Path, motion: Motion, count: int) -> list[np.ndarray]:
    """Frames of a camera that moves over a picture: each is sampled from the picture itself.

    The picture is four times as large as a frame, and averaged, as in a camera.
    """
    large = Image.fromarray(square(picture, SIDE * 4))
    frames: list[np.ndarray] = []
    for number in range(count):
        part = 0.7 / motion.zoom**number * large.width
        pixel = part / SIDE
        left = (large.width - part) / 2 - (number - count / 2) * motion.columns * pixel
        top = (large.height - part) / 2 - (number - count / 2) * motion.rows * pixel
        box = (left, top, left + part, top + part)
        frames.append(np.asarray(large.resize((SIDE, SIDE), Image.Resampling.LANCZOS, box=box)))
    return frames


def cut(clip: Path, first: int, count: int, every: int) -> list[np.ndarray]:
    """A square of the middle of some frames of a film."""
    with opened_film(clip) as film:
        return [*_cut(film.frames(), first, count, every)]


def _cut(frames: Iterator, first: int, count: int, every: int) -> Iterator[np.ndarray]:
    for number, frame in enumerate(frames):
        if number >= first + count * every:
            return
        if number >= first and (number - first) % every == 0:
            picture = Image.fromarray(frame.image_HWC)
            side = min(picture.size)
            left, top = ((length - side) // 2 for length in picture.size)
            box = (left, top, left + side, top + side)
            yield np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS, box=box))


def watched(
    name: str, frames: Sequence[np.ndarray], motion: Motion | None, args: argparse.Namespace
) -> np.ndarray:
    """Paint a film in both ways, print figures, and give a strip of frames."""
    style = square(args.style, SIDE)
    begin = time.process_time()
    singles = [pixels(ours_of_frame(frame, style, number)) for number, frame in enumerate(frames)]
    single_s = (time.process_time() - begin) / len(frames)
    key = len(frames) // 2
    begin = time.process_time()
    painter = KeyFramePainter([KeyFrame(frames[key], singles[key])], seed=0)
    for _ in painter.learn(args.steps):
        pass
    learning_s = time.process_time() - begin
    begin = time.process_time()
    single = [painter.paint(frame) for frame in frames]
    steadier = Steadier(args.steadying)
    painted = [steadier.steady(*pair) for pair in zip(frames, single, strict=True)]
    painted_s = (time.process_time() - begin) / len(frames)
    print(f"{name}: {len(frames)} frames; learning {learning_s:.1f} s, then {painted_s:.3f} s a "
          f"frame; alone {single_s:.2f} s: {single_s / painted_s:.0f} times as fast")  # fmt: skip
    motions = [motion or Motion()] * (len(frames) - 1)
    own = warp_error(frames, motions)
    base = flicker(singles, frames)
    for what, made in (
        ("input", frames),
        ("frame by frame", singles),
        ("learned", single),
        ("as it is", painted),
    ):
        error, beyond = warp_error(made, motions), flicker(made, frames)
        closer = np.mean([1 - patch_swd(one, style) / patch_swd(other, style)
                          for one, other in zip(made, frames, strict=True)])  # fmt: skip
        kept = np.mean([edges_kept(*pair) for pair in zip(made, frames, strict=True)])
        warped = f"warp error {error:.4f} (x {error / own:.2f})  " if motion else ""
        print(f"  {what:15} {warped}flicker {beyond:.4f} (x {beyond / base:.2f})  "
              f"closer {closer:.1%}  edges {kept:.2f}", flush=True)  # fmt: skip
    shown = np.linspace(0, len(frames) - 1, 6).round().astype(int)
    rows = [np.concatenate([them[at] for at in shown], 1) for them in (frames, singles, painted)]
    return np.concatenate(rows, 0)


def ours_of_frame(frame: np.ndarray, style: np.ndarray, seed: int) -> torch.Tensor:
    """As a person would who paints each frame by itself."""
    return ours(tensor(frame), tensor(style), DEFAULT, KEEP_EDGES, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--style", type=Path, required=True)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--steadying", type=float, default=0.7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--sheet", type=Path, default=Path("sheet.png"))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    strips: list[np.ndarray] = []
    if args.picture:
        for name, motion in MOTIONS.items():
            strips.append(watched(name, synthetic(args.picture, motion, args.count), motion, args))
    if args.clip:
        frames = cut(args.clip, args.first, args.count, args.every)
        strips.append(watched(args.clip.stem, frames, None, args))
    Image.fromarray(np.concatenate(strips, 0)).save(args.sheet)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:.0f} MiB")


if __name__ == "__main__":
    main()
