"""Smooth enlarging beside networks: which comes closer to the original, on pictures made smaller.

Real pictures are made four times as small by area, enlarged again in every way, and compared with
themselves: PSNR of each picture, the distance of its fixed random features (the metrics' own), and
SWD between the sets at the finest detail. The pack "upscaling" must be there.

    python tests/bench/bench_upscaling.py DATA [--count 24] [--sheet FILE.png] [--factor 4]

DATA holds folders of pictures, one for each row of the table; films give one frame in twenty.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from genstudio.domain.progress import drain
from genstudio.metrics.features import random_features
from genstudio.metrics.swd import SlicedWasserstein
from genstudio.services import upscaling

SIDE_PX = 128
SEEN_IN_SHEET = 3


def main() -> None:
    """Compare and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--factor", type=int, default=4, choices=(2, 4))
    parser.add_argument("--sheet", type=Path)
    chosen = parser.parse_args()
    print("pictures | way | PSNR dB | features | SWD finest | s per megapixel given")
    rows: list[np.ndarray] = []
    for folder in sorted(it for it in chosen.data.iterdir() if it.is_dir()):
        originals = [crop(it) for it in pictures_of(folder, chosen.count)]
        small = [reduced(it, chosen.factor) for it in originals]
        made = {"pixels": [it.repeat(chosen.factor, 0).repeat(chosen.factor, 1) for it in small]}
        seconds = {"pixels": 0.0}
        begin = time.perf_counter()
        made["smooth"] = [smooth(it, chosen.factor) for it in small]
        seconds["smooth"] = time.perf_counter() - begin
        for name in upscaling.installed():
            upscaler = upscaling.load(name)
            begin = time.perf_counter()
            made[name] = [drain(upscaling.enlarged(upscaler, it, chosen.factor)) for it in small]
            seconds[name] = time.perf_counter() - begin
        megapixels = sum(it.shape[0] * it.shape[1] for it in small) / 1e6
        for way, pictures in made.items():
            print(
                f"{folder.name} | {way} | {figures(originals, pictures)} | "
                f"{seconds[way] / megapixels:.1f}",
                flush=True,
            )
        for number in range(min(SEEN_IN_SHEET, len(originals))):
            side_by_side = [originals[number], *(it[number] for it in made.values())]
            rows += [np.concatenate(side_by_side, axis=1)]
    if chosen.sheet:
        widest = max(it.shape[1] for it in rows)
        padded = [np.pad(it, ((0, 4), (0, widest - it.shape[1]), (0, 0))) for it in rows]
        Image.fromarray(np.concatenate(padded)).save(chosen.sheet)


def pictures_of(folder: Path, count: int) -> list[Image.Image]:
    """So many of a folder's, spread over it, over white."""
    names = sorted(it for it in folder.rglob("*") if it.suffix in {".png", ".jpg"})
    found = []
    for name in names[:: max(1, len(names) // count)][:count]:
        with Image.open(name) as image:
            shown = image.convert("RGBA")
            ground = Image.new("RGBA", shown.size, "white")
            found.append(Image.alpha_composite(ground, shown).convert("RGB"))
    return found


def crop(image: Image.Image) -> np.ndarray:
    """The middle, of the largest side that is a power of two."""
    side = min(SIDE_PX, 2 ** (min(image.size).bit_length() - 1))
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return np.asarray(image.crop((left, top, left + side, top + side)))


def reduced(image_HWC: np.ndarray, factor: int) -> np.ndarray:
    """By area."""
    size = image_HWC.shape[1] // factor, image_HWC.shape[0] // factor
    return np.asarray(Image.fromarray(image_HWC).resize(size, Image.Resampling.BOX))


def smooth(image_HWC: np.ndarray, factor: int) -> np.ndarray:
    """Lanczos, as the operation does it."""
    size = image_HWC.shape[1] * factor, image_HWC.shape[0] * factor
    return np.asarray(Image.fromarray(image_HWC).resize(size, Image.Resampling.LANCZOS))


def figures(originals: list[np.ndarray], made: list[np.ndarray]) -> str:
    """PSNR, distance of features and SWD, for a row."""
    real, other = np.stack(originals), np.stack(made)
    errors = ((real.astype(float) - other) ** 2).mean(axis=(1, 2, 3)).clip(min=1e-3)
    psnr = (10 * np.log10(255**2 / errors)).mean()
    features = random_features()
    one, two = features(real), features(other)
    scale = torch.cdist(one, one).sum() / (len(one) * (len(one) - 1))
    distance = (one - two).norm(dim=1).mean() / scale
    as_tensor = [torch.tensor(it).permute(0, 3, 1, 2) / 127.5 - 1 for it in (real, other)]
    swd = SlicedWasserstein(as_tensor[0]).by_level(as_tensor[1])[0]
    return f"{psnr:.2f} | {distance:.3f} | {swd:.1f}"


if __name__ == "__main__":
    main()
