"""The valid files that fuzzing begins with: a small project, and pictures of every kind."""

import json
import os
import struct
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tiny_studio
from PIL import Image

from genstudio.data.scores import score_bytes
from genstudio.data.sounds import Sound, write_sound
from genstudio.domain import events
from genstudio.domain.progress import drain
from genstudio.domain.reports import Report
from genstudio.engine import preview
from genstudio.engine.trainer import NoCommands
from genstudio.models import catalog
from genstudio.services import first_pictures, preferences
from genstudio.services.caption_edits import save_edits
from genstudio.services.gallery import Gallery
from genstudio.services.judgements import Basis, keep_report
from genstudio.services.projects import open_project
from genstudio.services.score_tables import COLUMNS, CSV_NAME
from genstudio.services.training import NewRun, start_run

PROJECT = "Meadow"
RUNS = {"toy": "20260131-120000-toy-0000", "residual-vae": "20260131-120000-vae-0000",
        "self-supervised-gan": "20260131-120000-gan-0000"}  # fmt: skip
_WIDTH, _HEIGHT = 24, 20


def set_up_studio() -> None:
    """Let the toy be a model of the catalogue, and keep what surrounds a training short."""
    catalog._BUILT_IN["toy"] = "tiny_studio:ToyModel"
    preview.sheet_layout = lambda _: (1, 2)  # type: ignore[assignment]
    first_pictures.COUNT = 2


def make_valid_files(folder: Path, parts: Collection[str]) -> None:
    """Write what is asked for: projects by model, other parts by name, kinds of pictures."""
    set_up_studio()
    flowers = tiny_studio.save_pictures(folder / "flowers", tiny_studio.flowers_NHWC(4))
    for model_key, name in RUNS.items():
        if model_key in parts:
            _train(flowers, folder / model_key / PROJECT, model_key, name)
    if "preferences" in parts:
        _save_preferences(folder / "preferences", folder / PROJECT)
    if "judgement" in parts:
        keep_report(basis_in(folder), _report())
    if "scores" in parts:
        _save_scores(folder / "scores")
    if "captions" in parts:
        _save_captions(folder / "captions")
    if "heard" in parts:
        _save_heard(folder / "heard")
    for kind, make in PICTURES.items():
        (folder / kind).mkdir()
        make(folder / kind)


def _train(flowers: Path, project: Path, model_key: str, name: str) -> None:
    settings = tiny_studio.small_settings(
        model_key, budget=tiny_studio.steps(2), batch=2, save_every_s=1e-9
    )
    told = list(
        start_run(NewRun(folder=flowers, project=project, settings=settings), NoCommands())
    )  # fmt: skip
    assert isinstance(told[-1], events.Finished), told[-1]
    run = told[-1].run.rename(told[-1].run.with_name(name))
    drain(first_pictures.hang_first_pictures(run))
    with Gallery(open_project(project)) as gallery:
        for item in gallery.items():
            gallery.rate(item.name, 4)
            gallery.tag(item.name, ["dusk", "Käfer"])


def _save_scores(folder: Path) -> None:
    folder.mkdir()
    lines = [",".join(COLUMNS), "1,a.png,t,9.5,0.25,yes,spot,9,1,0,a.png,", ",threshold,,2.5,0.05"]
    (folder / CSV_NAME).write_text("\n".join(lines), encoding="utf-8-sig")


def _save_captions(folder: Path) -> None:
    folder.mkdir()
    (folder / "a.txt").write_text("a red circle", encoding="utf-16")
    (folder / "captions.csv").write_text('file,text\nb.png,"grün, rund"\nz.png,gone\n')
    rows = [{"file_name": f"{name}.png", "text": "a blue square"} for name in "cd"]
    (folder / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    save_edits(folder, {"hash a": "a ring", "hash b": ""})


def _save_heard(folder: Path) -> None:
    folder.mkdir()
    (folder / "a.mid").write_bytes(score_bytes(tiny_studio.scale_score(), ['{"software": "x"}']))
    sound = Sound(np.sin(np.arange(2000) / 9).astype(np.float32), 8000)
    write_sound(sound, folder / "a.flac", "FLAC", {"comment": '{"software": "x"}'})
    write_sound(sound, folder / "b.wav", "WAV")


def _save_preferences(folder: Path, project: Path) -> None:
    os.environ["XDG_CONFIG_HOME"] = str(folder)
    chosen = preferences.Preferences(theme="dark", pictures_folder=project.parent)
    chosen.remember_project(project)
    chosen.set_window_geometry(b"geometry")
    preferences.save_preferences(chosen)


def basis_in(folder: Path) -> Basis:
    """What the kept report of the part "judgement" rests upon."""
    return Basis(
        run=folder / "judgement",
        step=2,
        weights_sha256="0" * 64,
        pictures="1" * 24,
        held_out=("1.png",),
        features="2" * 64,
        count=20,
        num_training=30,
    )


def _report() -> Report:
    figure = {"value": 0.5, "sd": 0.01, "floor": 0.9, "floor_sd": 0.02, "verdict": "They differ."}
    pair = {"made": 3, "training": 29, "distance": 0.07, "alarm": 0.02}
    names = ("swd", "kid", "density", "coverage", "diversity")
    content = dict.fromkeys(names, figure) | {"count": 20, "features": "2" * 64}
    content["swd_levels"] = [{**figure, "side": side} for side in (32, 16)]
    content["copying"] = {**figure, "threshold": 0.02, "pairs": [pair, {**pair, "made": 19}]}
    return Report.model_validate(content)


# --- pictures -----------------------------------------------------------------------------------


def _noise(channels: int) -> Image.Image:
    shape = (_HEIGHT, _WIDTH, channels)
    values = np.random.default_rng(channels).integers(0, 256, shape, np.uint8)
    values[:, : _WIDTH // 2] = 128  # Long equal runs, for what packs them.
    return Image.fromarray(values[..., 0] if channels == 1 else values)


GREY, RGB, RGBA = _noise(1), _noise(3), _noise(4)
PALETTE = RGB.convert("P", palette=Image.Palette.ADAPTIVE)
DEEP = Image.fromarray(np.arange(_WIDTH * _HEIGHT, dtype=np.uint16).reshape(_HEIGHT, _WIDTH) * 130)
REAL = Image.fromarray(np.linspace(0, 255, _WIDTH * _HEIGHT, dtype=np.float32).reshape(_HEIGHT, -1))


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a meadow"
    exif.get_ifd(0x8769)[0x9003] = "2026:01:31 12:00:00"
    return exif


def _saver(suffix: str, *pictures: tuple[Image.Image, dict[str, Any]]) -> Callable[[Path], None]:
    def save(folder: Path) -> None:
        for number, (picture, options) in enumerate(pictures):
            # Copies, since saving leaves settings of one kind of file in a picture.
            more = [RGB.rotate(90), RGB.copy()] if options.get("save_all") else []
            picture.copy().save(folder / f"{number}.{suffix}", append_images=more, **options)

    return save


def _ppm(folder: Path) -> None:
    samples = GREY.tobytes()
    size = b"%d %d" % (_WIDTH, _HEIGHT)
    plain = b" ".join(b"%d" % value for value in samples)
    (folder / "0.pgm").write_bytes(b"P5 " + size + b" 255\n" + samples)
    (folder / "1.pgm").write_bytes(b"P2\n# by hand\n" + size + b" 255\n" + plain)
    (folder / "2.ppm").write_bytes(b"P6 " + size + b" 65535\n" + samples * 6)
    (folder / "3.ppm").write_bytes(b"P1 " + size + b"\n" + b"01" * (_WIDTH * _HEIGHT // 2))
    (folder / "4.ppm").write_bytes(b"Pf " + size + b" -1.0\n" + REAL.tobytes())


def psd(width: int, height: int, rows: Sequence[bytes]) -> bytes:
    """A Photoshop file of one RGB picture without layers, its rows packed."""
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, height, width, 8, 3)
    lengths = b"".join(struct.pack(">H", len(row)) for row in rows) * 3
    return head + bytes(12) + b"\0\1" + lengths + b"".join(rows) * 3


def _psd(folder: Path) -> None:
    row = b"\xf5\x80" + bytes([_WIDTH - 13]) + bytes(range(_WIDTH - 12))
    (folder / "0.psd").write_bytes(psd(_WIDTH, _HEIGHT, [row] * _HEIGHT))


_FRAMES = {"save_all": True, "duration": 40}
PICTURES: dict[str, Callable[[Path], None]] = {
    "png": _saver(
        "png", (RGBA, {"exif": _exif()}), (PALETTE, {"transparency": 0}), (DEEP, {}),
        (RGB, _FRAMES), (GREY.convert("1"), {"icc_profile": b"profile" * 9}),
    ),
    "jpeg": _saver(
        "jpg", (RGB, {"exif": _exif(), "comment": b"a meadow"}), (RGB, {"progressive": True}),
        (RGB.convert("CMYK"), {"subsampling": 0}), (RGB, {"format": "MPO", **_FRAMES}), (GREY, {}),
    ),
    "webp": _saver(
        "webp", (RGB, {"exif": _exif()}), (RGBA, {"lossless": True}), (RGB, _FRAMES),
    ),
    "gif": _saver("gif", (PALETTE, {"transparency": 0, "comment": b"a meadow"}), (RGB, _FRAMES)),
    "bmp": _saver("bmp", (RGB, {}), (PALETTE, {}), (GREY.convert("1"), {}), (RGBA, {})),
    "tiff": _saver(
        "tif", (RGB, {"compression": "tiff_lzw", "exif": _exif()}),
        (RGBA, {"compression": "tiff_adobe_deflate"}), (RGB, {"compression": "jpeg"}), (DEEP, {}),
        (REAL, {}), (GREY.convert("1"), {"compression": "group4"}), (RGB, _FRAMES),
        (PALETTE, {"compression": "packbits"}),
    ),
    "tga": _saver("tga", (RGB, {"compression": "tga_rle"}), (PALETTE, {}), (RGBA, {})),
    "avif": _saver("avif", (RGBA, {"exif": _exif()}), (RGB, _FRAMES)),
    "jp2": _saver("jp2", (RGB, {}), (RGBA, {"irreversible": True, "tile_size": (8, 8)})),
    "ppm": _ppm,
    "psd": _psd,
}  # fmt: skip
