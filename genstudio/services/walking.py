"""Walks through a latent space: films from seed to seed, and planes of pictures between four."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from torch import Tensor

import genstudio
from genstudio.artifacts.image import LARGEST_RECIPE_BYTES, save_marked
from genstudio.domain.errors import SettingsError
from genstudio.domain.films import Codec
from genstudio.domain.language import tr
from genstudio.domain.places import Place
from genstudio.domain.progress import Progress, Working
from genstudio.domain.recipes import Recipe, RecipeInput
from genstudio.domain.settings import Settings
from genstudio.domain.walks import Walk
from genstudio.engine.threads import single_threaded
from genstudio.models.sampling import over_white
from genstudio.services.exploring import Explorer
from genstudio.services.films import write_film
from genstudio.services.outputs import free_place
from genstudio.services.recipe_inputs import noted

Easing: TypeAlias = Literal["steady", "gentle"]

MOST_FRAMES: Final = 100_000
_FEWEST_SEEDS = 2
_CORNERS = 4
# So many files can be noted in a recipe.
_MOST_NOTED = 64
WALK: Final = "walk"


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
    codec: Codec = "usual",
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
        codec: Of .mp4 and .webm.

    Returns:
        Where it is.

    Raises:
        SettingsError: There are too few seeds, or too many frames.
        ProjectError: It cannot be written.
    """
    count = round(seconds * fps)
    if len(seeds) < _FEWEST_SEEDS or not _FEWEST_SEEDS <= count <= MOST_FRAMES:
        raise SettingsError(
            tr("This is no walk"),
            tr(
                "{num_seeds} seeds and {count:,} frames were asked for.",
                num_seeds=len(seeds),
                count=count,
            ),
            tr(
                "Give two seeds or more, and up to {most_frames:,} frames.",
                most_frames=MOST_FRAMES,
            ),
        )
    settings = explorer.settings(values or {})
    places = walk_places(seeds, count, is_loop=is_loop, easing=easing)
    frames = (over_white(explorer.picture(place, settings)) for place in places)
    sampling: dict[str, Any] = {"seeds": list(seeds), "frames": count, "fps": fps, "loop": is_loop}
    sampling |= {"easing": easing, "codec": codec}
    recipe = _recipe(explorer, {**(values or {}), **sampling})
    place = free_place(path)
    return (yield from write_film(frames, place, count=count, fps=fps, recipe=recipe, codec=codec))


@single_threaded
def film_key_frames(
    explorer: Explorer,
    walk: Walk,
    path: Path,
    *,
    fps: int = 30,
    values: Mapping[str, Any] | None = None,
    pictures: Sequence[Path] = (),
    codec: Codec = "usual",
) -> Working[Path]:
    """Film a walk between places of any kind.

    Args:
        explorer: Holds the model.
        walk: Its stops.
        path: See :func:`~genstudio.services.films.write_film`; what is there stays, and the film
            gets a number.
        fps: Frames a second.
        values: How pictures are drawn.
        pictures: Files of a person's own pictures that stops lead on from.
        codec: Of .mp4 and .webm.

    Returns:
        Where it is.

    Raises:
        SettingsError: There are too many frames, a picture is missing, or a stop moves along a
            direction that there is not.
        ProjectError: It cannot be written.
    """
    count = walk.frames(fps)
    if count > MOST_FRAMES:
        raise SettingsError(
            tr("This walk is too long"),
            tr("It has {count:,} frames.", count=count),
            tr("Give up to {most_frames:,} frames.", most_frames=MOST_FRAMES),
        )
    settings = explorer.settings(values or {})
    drawn = yield from key_frame_pictures(explorer, walk, fps, settings, pictures)
    stops = [it.model_dump(mode="json", exclude_defaults=True) for it in walk.key_frames]
    sampling: dict[str, Any] = {"frames": count, "fps": fps, "loop": walk.is_loop, "codec": codec}
    inputs = tuple(noted(picture) for picture in pictures[:_MOST_NOTED])
    recipe = _recipe(explorer, {**(values or {}), "key_frames": stops, **sampling}, inputs)
    is_too_long = len(recipe.model_dump_json().encode()) > LARGEST_RECIPE_BYTES
    if is_too_long or len(pictures) > _MOST_NOTED:
        recipe = _recipe(explorer, sampling)  # It cannot be made again, and says so.
    frames = (over_white(picture) for picture in drawn)
    place = free_place(path)
    return (yield from write_film(frames, place, count=count, fps=fps, recipe=recipe, codec=codec))


def key_frame_pictures(
    explorer: Explorer, walk: Walk, fps: float, settings: Settings, pictures: Sequence[Path] = ()
) -> Working[Iterator[np.ndarray]]:
    """Make everything ready for the frames of a walk.

    Returns:
        The frames, drawn as they are asked for: uint8 (height, width, channels).

    Raises:
        SettingsError: See :func:`film_key_frames`.
    """
    stops = yield from walk_stops(explorer, walk, settings, pictures)

    def drawn() -> Iterator[np.ndarray]:
        for start, end, share in walk.ways(fps):
            yield explorer.picture_between(stops[start], stops[end], share, settings)

    return drawn()


def walk_stops(
    explorer: Explorer, walk: Walk, settings: Settings, pictures: Sequence[Path] = ()
) -> Working[list[Tensor]]:
    """The latents of a walk's key frames; see :meth:`~Explorer.stops`.

    Raises:
        SettingsError: See :func:`film_key_frames`.
    """
    places = [it.place for it in walk.key_frames]
    if any(place.farthest_direction for place in places):
        yield from explorer.find_directions()
    for picture in pictures:
        yield from explorer.find_picture(picture)
    return explorer.stops(places, settings)


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


def _recipe(
    explorer: Explorer, sampling: dict[str, Any], inputs: tuple[RecipeInput, ...] = ()
) -> Recipe:
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
        operation=WALK,
        inputs=inputs,
    )
