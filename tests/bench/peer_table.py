"""Judges what every entrant made by the same code, and puts it into a table and onto a sheet."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, Final

import numpy as np
from peer_sets import PictureSet
from PIL import Image, ImageDraw

from genstudio.domain.reports import Figure, Report
from genstudio.metrics.report import judge

_SHEET_SIDE: Final = 8
_CAPTION_PX: Final = 16
_GAP_PX: Final = 8
# Heading, figure of the report, decimals, and what it is multiplied with.
_FIGURES: Final[tuple[tuple[str, Callable[[Report], Figure | None], int, float], ...]] = (
    ("SWD ↓", lambda report: report.swd, 1, 1),
    ("KID ↓", lambda report: report.kid, 1, 1),
    ("density", lambda report: report.density, 2, 1),
    ("coverage ↑", lambda report: report.coverage, 2, 1),
    ("diversity", lambda report: report.diversity, 2, 1),
    ("copies, %", lambda report: report.copying, 1, 100),
)


def judge_run(folder: Path, pictures: PictureSet, *, again: bool = False) -> Report:
    """Judge the samples of a run, or find the report from the last time."""
    file = folder / "report.json"
    if file.exists() and not again:
        return Report.model_validate_json(file.read_text())
    report = judge(
        np.load(folder / "samples.npy"),
        pictures.real_NHWC(),
        training_NHWC=np.load(pictures.training),
        held_out_NHWC=np.load(pictures.held_out),
    )
    file.write_text(report.model_dump_json(indent=1))
    return report


def table(pictures: PictureSet, runs: Mapping[Path, Report]) -> str:
    """Markdown: one row for each entrant, the mean over its seeds, and the floor of each figure."""
    by_entrant: defaultdict[str, list[tuple[dict[str, Any], Report]]] = defaultdict(list)
    for folder, report in runs.items():
        record = json.loads((folder / "result.json").read_text())
        by_entrant[record["entrant"]].append((record, report))
    first, report = next(iter(by_entrant.values()))[0]
    headings = [
        "entrant", "seeds", "parameters (M)", "images/s", "seen", "epochs",
        *[heading for heading, *_ in _FIGURES],
    ]  # fmt: skip
    rows = [
        headings,
        ["---"] * len(headings),
        ["*other real pictures*", *[""] * 5, *_floors(report)],
        *[_row(entrant, done) for entrant, done in by_entrant.items()],
    ]
    conditions = (
        f"{first['num_images']} pictures to learn from, {len(pictures.held_out_names)} held out; "
        f"{first['terms']['minutes']:g} minutes each, {first['device']}, {first['precision']}; "
        f"judged by {report.count} pictures."
    )
    lines = [
        f"## {pictures.name}",
        "",
        conditions,
        "",
        *[f"| {' | '.join(row)} |" for row in rows],
    ]
    return "\n".join(lines) + "\n"


def _row(entrant: str, done: Sequence[tuple[dict[str, Any], Report]]) -> list[str]:
    records = [record for record, _ in done]
    seen = fmean(record["images_seen"] for record in records)
    is_finite = all(record["is_finite"] for record in records)
    return [
        entrant if is_finite else f"{entrant} (ran away)",
        str(len(done)),
        f"{sum(records[0]['parameters'].values()) / 1e6:.1f}",
        f"{fmean(record['images_per_s'] for record in records):.1f}",
        f"{seen:,.0f}",
        f"{seen / records[0]['num_images']:.1f}",
        *[
            _spread([figure(report) for _, report in done], decimals, scale)
            for _, figure, decimals, scale in _FIGURES
        ],
    ]


def _spread(figures: Sequence[Figure | None], decimals: int, scale: float) -> str:
    """Mean and standard deviation over the seeds; of one seed, how far it is off by chance."""
    known = [figure for figure in figures if figure is not None]
    if not known:
        return "–"
    values = [scale * figure.value for figure in known]
    own_sd = known[0].sd
    sd = stdev(values) if len(values) > 1 else own_sd if own_sd is None else scale * own_sd
    told = f"{fmean(values):.{decimals}f}"
    return told if sd is None else f"{told} ± {sd:.{decimals}f}"


def _floors(report: Report) -> list[str]:
    found = [(figure(report), decimals, scale) for _, figure, decimals, scale in _FIGURES]
    return [
        "–"
        if figure is None
        else f"{scale * figure.floor:.{decimals}f} ± {scale * figure.floor_sd:.{decimals}f}"
        for figure, decimals, scale in found
    ]


def side_by_side(pictures: PictureSet, runs: Sequence[Path]) -> Image.Image:
    """The real pictures, and the first that each run made, with their names above."""
    real_NHWC = np.random.default_rng(0).permutation(np.load(pictures.training))
    panels = {"real pictures": real_NHWC}
    for folder in runs:
        panels[folder.name] = np.load(folder / "samples.npy", mmap_mode="r")
    side = _SHEET_SIDE * pictures.size
    columns = min(len(panels), 4)
    rows = -(-len(panels) // columns)
    whole = Image.new(
        "RGB", (columns * (side + _GAP_PX), rows * (side + _GAP_PX + _CAPTION_PX)), "white"
    )
    for number, (caption, images_NHWC) in enumerate(panels.items()):
        left = number % columns * (side + _GAP_PX)
        top = number // columns * (side + _GAP_PX + _CAPTION_PX)
        ImageDraw.Draw(whole).text((left + 2, top + 2), caption, fill="black")
        whole.paste(Image.fromarray(_grid(images_NHWC)), (left, top + _CAPTION_PX))
    return whole


def _grid(images_NHWC: np.ndarray) -> np.ndarray:
    chosen = np.asarray(images_NHWC[: _SHEET_SIDE**2])
    size = chosen.shape[1]
    missing = np.full((_SHEET_SIDE**2 - len(chosen), size, size, 3), 255, np.uint8)
    cells = np.concatenate([chosen, missing]).reshape(_SHEET_SIDE, _SHEET_SIDE, size, size, 3)
    return cells.transpose(0, 2, 1, 3, 4).reshape(_SHEET_SIDE * size, _SHEET_SIDE * size, 3)
