"""Makes the film of a walk again from the recipe in its file, or a single frame of it."""

from collections.abc import Generator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from genstudio.artifacts.protocol import ArtifactCard
from genstudio.domain.artifacts import CLIP, IMAGE, Artifact
from genstudio.domain.errors import ProjectError
from genstudio.domain.films import Codec
from genstudio.domain.language import tr
from genstudio.domain.places import Place
from genstudio.domain.progress import Progress, Working, with_result
from genstudio.domain.recipes import Recipe
from genstudio.domain.values import Count
from genstudio.domain.walks import MOST_KEY_FRAMES, KeyFrame, Walk
from genstudio.engine.threads import single_threaded
from genstudio.models.sampling import over_white
from genstudio.services.exploring import Explorer
from genstudio.services.runs import Run
from genstudio.services.walking import (
    MOST_FRAMES,
    Easing,
    film_key_frames,
    film_walk,
    walk_places,
    walk_stops,
)

_MOST_FPS = 120


class _Filmed(BaseModel):
    """What a recipe says of a walk, beside how its pictures were drawn."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    frames: int = Field(ge=1, le=MOST_FRAMES)
    fps: int = Field(ge=1, le=_MOST_FPS)
    loop: bool = False
    codec: Codec = "usual"
    easing: Easing = "gentle"
    seeds: tuple[Count, ...] = Field(default=(), max_length=MOST_FRAMES)
    key_frames: tuple[KeyFrame, ...] = Field(default=(), max_length=MOST_KEY_FRAMES)

    def walk(self) -> Walk:
        """Between key frames."""
        return Walk(key_frames=self.key_frames, is_loop=self.loop)


def walk_again(
    run: Run, recipe: Recipe, kind: ArtifactCard, suffix: str, pictures: Sequence[Path]
) -> Generator[Progress | Artifact, None, None]:
    """Draw a walk again, as a film or as one of its frames.

    Args:
        run: That made it, with the weights of then.
        recipe: Of the film, or of the frame at its position.
        kind: Of the result: a clip or a picture.
        suffix: Of the film, which is written like the first one.
        pictures: A person's own pictures that it led on from.

    Yields:
        At last the result; a film is there until the next step.

    Raises:
        ProjectError: The recipe does not say where the walk went, or is damaged.
        SettingsError: A picture or a direction is not there.
    """
    filmed = _read(recipe)
    explorer = Explorer(run, str(recipe.step))
    known = type(explorer.settings({})).model_fields
    values = {name: value for name, value in recipe.sampling.items() if name in known}
    if kind.key == IMAGE:
        yield from with_result(_frame(explorer, filmed, values, recipe.position, pictures))
        return
    with TemporaryDirectory(prefix="genstudio-walk-") as folder:
        film = Path(folder) / f"walk{suffix}"
        path = yield from _film(explorer, filmed, values, film, pictures)
        yield Artifact(kind=CLIP, data=path)


def _film(
    explorer: Explorer,
    filmed: _Filmed,
    values: dict[str, Any],
    film: Path,
    pictures: Sequence[Path],
) -> Working[Path]:
    if filmed.key_frames:
        return (
            yield from film_key_frames(
                explorer,
                filmed.walk(),
                film,
                fps=filmed.fps,
                values=values,
                pictures=pictures,
                codec=filmed.codec,
            )
        )
    return (
        yield from film_walk(
            explorer,
            filmed.seeds,
            film,
            seconds=filmed.frames / filmed.fps,
            fps=filmed.fps,
            is_loop=filmed.loop,
            easing=filmed.easing,
            values=values,
            codec=filmed.codec,
        )
    )


def _read(recipe: Recipe) -> _Filmed:
    try:
        filmed = _Filmed.model_validate(recipe.sampling)
    except ValidationError as error:
        raise ProjectError(
            tr("The recipe of this walk is damaged"),
            tr("It does not say where the walk went."),
            tr("Use the original film, as GenStudio saved it."),
        ) from error
    if not filmed.key_frames and len(filmed.seeds) < 2:
        raise ProjectError(
            tr("This walk cannot be made again"),
            tr("It had more places than a film can note."),
            tr("Film it anew on the Explore view, where it is kept for its run."),
        )
    return filmed


@single_threaded
def _frame(
    explorer: Explorer,
    filmed: _Filmed,
    values: dict[str, Any],
    position: int,
    pictures: Sequence[Path],
) -> Working[Artifact]:
    if position >= filmed.frames:
        raise ProjectError(
            tr("The recipe of this walk is damaged"),
            tr("It has {frames:,} frames; this would be frame {position:,}.",
               frames=filmed.frames, position=position + 1),
            tr("Use the original picture, as GenStudio saved it."),
        )  # fmt: skip
    settings = explorer.settings(values)
    if filmed.key_frames:
        walk = filmed.walk()
        stops = yield from walk_stops(explorer, walk, settings, pictures)
        start, end, share = next(islice(walk.ways(filmed.fps), position, None))
        picture = explorer.picture_between(stops[start], stops[end], share, settings)
    else:
        places = walk_places(filmed.seeds, filmed.frames, is_loop=filmed.loop, easing=filmed.easing)
        place: Place = next(islice(places, position, None))
        picture = explorer.picture(place, settings)
    return Artifact(kind=IMAGE, data=over_white(picture))
