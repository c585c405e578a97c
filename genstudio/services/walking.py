"""Walks through a latent space: films from seed to seed, and planes of pictures between four."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

import genstudio
from genstudio.artifacts.image import save_marked
from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.domain.places import Place
from genstudio.domain.progress import Progress, Working
from genstudio.domain.recipes import Recipe
from genstudio.engine.threads import single_threaded
from genstudio.models.sampling import over_white
from genstudio.services.exploring import Explorer
from genstudio.services.films import write_film
from genstudio.services.outputs import free_place

Easing: TypeAlias = Literal["steady", "gentle"]

_MOST_FRAMES = 100_000
_FEWEST_SEEDS = 2
_CORNERS = 4


def walk_places(
    seeds: Sequence[int], count: int, *, is_loop: bool, easing: Easing
) -> Iterator[Place]:
    """Places of the frames of a walk.

    Args:
        seeds: Two or more, reached one after the other in equal times.
        count: Frames.
        is_loop: Go back to the first seed; the last frame is then the one before it, so that
            the film can be repeated without a jerk.
        easing: "gentle" slows down at each seed.
    """
    stops = [*seeds, seeds[0]] if is_loop else list(seeds)
    legs = list(pairwise(stops))
    last = count if is_loop else max(1, count - 1)
    for number in range(count):
        way = number / last * len(legs)
        leg = min(int(way), len(legs) - 1)
        share = way - leg
        if easing == "gentle":
            share = share * share * (3 - 2 * share)
        yield Place(seeds=legs[leg], across=min(share, 1.0))


@single_threaded
def film_walk(
    explorer: Explorer,
    seeds: Sequence[int],
    path: Path,
    *,
    seconds: float,
    fps: int = 30,
    is_loop: bool = False,
    easing: Easing = "gentle",
    values: Mapping[str, Any] | None = None,
) -> Working[Path]:
    """Film a walk from seed to seed.

    Args:
        explorer: Holds the model.
        seeds: Two or more.
        path: See :func:`~genstudio.services.films.write_film`; what is there stays, and the film
            gets a number.
        seconds: How long it is; to the nearest frame.
        fps: Frames a second.
        is_loop: See :func:`walk_places`.
        easing: See :func:`walk_places`.
        values: How pictures are drawn.

    Returns:
        Where it is.

    Raises:
        SettingsError: There are too few seeds, or too many frames.
        ProjectError: It cannot be written.
    """
    count = round(seconds * fps)
    if len(seeds) < _FEWEST_SEEDS or not _FEWEST_SEEDS <= count <= _MOST_FRAMES:
        raise SettingsError(
            tr("This is no walk"),
            tr(
                "{num_seeds} seeds and {count:,} frames were asked for.",
                num_seeds=len(seeds),
                count=count,
            ),
            tr(
                "Give two seeds or more, and up to {most_frames:,} frames.",
                most_frames=_MOST_FRAMES,
            ),
        )
    settings = explorer.settings(values or {})
    places = walk_places(seeds, count, is_loop=is_loop, easing=easing)
    frames = (over_white(explorer.picture(place, settings)) for place in places)
    sampling = {"seeds": list(seeds), "frames": count, "fps": fps, "loop": is_loop}
    recipe = _recipe(explorer, {**sampling, "easing": easing, **(values or {})})
    return (yield from write_film(frames, free_place(path), count=count, fps=fps, recipe=recipe))


@single_threaded
def draw_plane(explorer: Explorer, seeds: Sequence[int], path: Path, *, side: int) -> Working[Path]:
    """Draw a plane between four seeds as one picture of ``side`` × ``side`` pictures.

    Raises:
        SettingsError: There are not four seeds.
        ProjectError: It cannot be written.
    """
    if len(seeds) != _CORNERS:
        raise SettingsError(tr("A plane has four corners"), "", tr("Give four seeds."))
    settings = explorer.settings({})
    rows: list[np.ndarray] = []
    for down in range(side):
        row: list[np.ndarray] = []
        for across in range(side):
            place = Place(seeds=tuple(seeds), across=across / (side - 1), down=down / (side - 1))
            row.append(explorer.picture(place, settings))
            yield Progress(tr("Drawing the plane"), down * side + across + 1, side * side)
        rows.append(np.concatenate(row, axis=1))
    place = free_place(path)
    save_marked(np.concatenate(rows), place, f"GenStudio {genstudio.__version__}")
    return place


def _recipe(explorer: Explorer, sampling: dict[str, object]) -> Recipe:
    run = explorer.run
    return Recipe(
        software=f"GenStudio {genstudio.__version__}",
        model_key=run.settings.model_key,
        run=run.path.name,
        project=run.project().name,
        step=explorer.step,
        weights_sha256=explorer.checkpoint.checksums["ema.safetensors"],
        size=run.settings.size,
        sampling=sampling,
        created=datetime.now(UTC).replace(microsecond=0),
        operation="walk",
    )
