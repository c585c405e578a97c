"""What the window asks of films: walks, their previews, and how a run's pictures came about.

Importing this module does not import torch; the jobs do, in their own threads.
"""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from genstudio.domain.films import Codec
from genstudio.domain.progress import Progress, Working, with_result
from genstudio.domain.walks import Walk
from genstudio.services.jobs import Job
from genstudio.services.projects import Project
from genstudio.services.studio_operations import results_folder


def film_key_frames(
    project: Project,
    run: Path,
    walk: Walk,
    values: Mapping[str, Any],
    *,
    fps: int,
    suffix: str | None,
    codec: Codec = "usual",
    pictures: Sequence[Path],
) -> Job[Progress | Path]:
    """Film a walk between places, among the results of a project; gives the film.

    Args:
        project: Whose results they are.
        run: Folder of the run.
        walk: Its stops.
        values: How pictures are drawn.
        fps: Frames a second.
        suffix: Of the film; empty for a folder of single pictures, None for the best there is.
        codec: Of .mp4 and .webm.
        pictures: A person's own pictures that stops lead on from.
    """

    def work() -> Iterator[Progress | Path]:
        exploring = import_module("genstudio.services.exploring")
        films = import_module("genstudio.services.films")
        runs = import_module("genstudio.services.runs")
        walking = import_module("genstudio.services.walking")
        explorer = exploring.Explorer(runs.Run(run))
        ending = films.best_suffix() if suffix is None else suffix
        path = results_folder(project, "walk") / f"walk{ending}"
        filming: Working[Path] = walking.film_key_frames(
            explorer, walk, path, fps=fps, values=values, pictures=pictures, codec=codec
        )
        yield from with_result(filming)

    return Job("walk", work)


def preview_walk(
    run: Path, walk: Walk, values: Mapping[str, Any], *, fps: float, pictures: Sequence[Path]
) -> Job[Progress | np.ndarray]:
    """Draw the frames of a walk, to be looked at: uint8 (height, width, channels) each."""

    def work() -> Iterator[Progress | np.ndarray]:
        exploring = import_module("genstudio.services.exploring")
        runs = import_module("genstudio.services.runs")
        walking = import_module("genstudio.services.walking")
        explorer = exploring.Explorer(runs.Run(run))
        settings = explorer.settings(values)
        ready: Working[Iterator[np.ndarray]] = walking.key_frame_pictures(
            explorer, walk, fps, settings, pictures
        )
        for step in with_result(ready):
            if isinstance(step, Progress):
                yield step
            else:
                yield from step

    return Job("walk-preview", work)


def film_run(project: Project, run: Path) -> Job[Progress | Path]:
    """Film how a run's pictures came about, among the results of a project; gives the film."""

    def work() -> Iterator[Progress | Path]:
        films = import_module("genstudio.services.films")
        runs = import_module("genstudio.services.runs")
        time_lapses = import_module("genstudio.services.time_lapses")
        path = results_folder(project, "time-lapse") / f"{run.name}{films.best_suffix()}"
        filming: Working[Path] = time_lapses.film_run(runs.Run(run), path)
        yield from with_result(filming)

    return Job("time-lapse", work)
