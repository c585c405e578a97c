"""Compared runs with made-up figures."""

from pathlib import Path

import numpy as np

from genstudio.domain.model_reports import Cost, ModelReport
from genstudio.domain.reports import CopyingFigure, Figure, Report
from genstudio.services.compared import ComparedRun

SD = 0.01


def figure(value: float, floor: float = 1.0, *, sd: float = SD) -> Figure:
    return Figure(value=value, sd=sd, floor=floor, floor_sd=SD)


def cost(draw_s: float = 0.01) -> Cost:
    return Cost(
        train_s=60,
        images_seen=1000,
        draw_s=draw_s,
        drawn_at_once=16,
        drawing_parameters=10,
        num_parameters=20,
        weights_bytes=80,
        train_memory_gib=1.5,
        train_device="CPU, 1 thread",
    )


def compared(
    name: str = "20261129-215619-toy-0001",
    *,
    title: str = "Toy",
    model: ModelReport | None = None,
    draw_s: float = 0.01,
    seconds: float = 60.0,
    size: int = 32,
    count: int = 200,
    copies: float | None = 0.0,
    step: int = 1,
    **values: float,
) -> ComparedRun:
    """A run with figures of these values; what is not named is at its floor."""
    floors = {"swd": 1.0, "kid": 0.0, "density": 1.0, "coverage": 0.97, "diversity": 1.0}
    copying = None
    if copies is not None:
        copying = CopyingFigure(
            value=copies, sd=SD, floor=0.01, floor_sd=SD, threshold=0.02, pairs=()
        )
    report = Report(
        **{key: figure(values.get(key, floor), floor) for key, floor in floors.items()},
        swd_levels=(),
        copying=copying,
        count=count,
        features="",
    )
    return ComparedRun(
        path=Path("project/runs") / name,
        model_title=title,
        step=step,
        newest_step=step,
        seconds=seconds,
        num_parameters=20,
        size=size,
        report=report,
        samples_NHWC=np.zeros((1, size, size, 3), np.uint8),
        pairs=(),
        record={"run": name},
        model=model or ModelReport(),
        cost=cost(draw_s),
    )
