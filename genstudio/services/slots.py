"""Places of a run that a person keeps under a name, in the project; and seeds of pictures."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from genstudio.artifacts.image import read_recipe
from genstudio.domain.errors import SettingsError
from genstudio.domain.files import read_file, write_bytes
from genstudio.domain.language import tr
from genstudio.domain.places import Place, parse_seeds

MOST_SLOTS = 64
_LONGEST_NAME = 60
_LARGEST_BYTES = 2**20
_SLOTS = TypeAdapter(dict[str, Place])


def read_slots(run: Path) -> dict[str, Place]:
    """Kept places of a run, by name, the oldest first; none where the file cannot be read.

    Args:
        run: Folder of the run.
    """
    try:
        return _SLOTS.validate_json(read_file(_file(run), largest_bytes=_LARGEST_BYTES))
    except (OSError, ValidationError):
        return {}


def keep_slot(run: Path, name: str, place: Place) -> dict[str, Place]:
    """Keep a place under a name, in the place of what had it before; gives all.

    Raises:
        SettingsError: The name is empty, or there are too many.
        ProjectError: The disk is full or the project cannot be written to.
    """
    name = " ".join(name.split())[:_LONGEST_NAME]
    slots = read_slots(run)
    if not name:
        raise SettingsError(tr("A place needs a name"), "", tr("Write one, such as “red hills”."))
    if name not in slots and len(slots) >= MOST_SLOTS:
        raise SettingsError(
            tr("There are {most} kept places", most=MOST_SLOTS),
            "",
            tr("Forget one that you no longer need."),
        )
    return _write(run, {**slots, name: place})


def forget_slot(run: Path, name: str) -> dict[str, Place]:
    """Forget a kept place; gives the others.

    Raises:
        ProjectError: The project cannot be written to.
    """
    return _write(run, {key: it for key, it in read_slots(run).items() if key != name})


def seed_of(picture: Path, run: Path) -> int:
    """The seed of a picture that a run made from one alone.

    Args:
        picture: Such as one of the gallery.
        run: Folder of the run that its zones shall be taken for.

    Raises:
        SettingsError: It was made otherwise, or by another run.
        DatasetError: The file cannot be read.
    """
    recipe = read_recipe(picture)
    if recipe is None or recipe.run != run.name:
        raise SettingsError(
            tr("{name} is no picture of this run", name=picture.name),
            tr("A seed means another picture in every run."),
            tr("Choose one that this run made."),
        )
    said = str(recipe.sampling.get("seeds", ""))
    seeds = [recipe.seed] if recipe.seed is not None else list(parse_seeds(said or "none"))
    if len(seeds) != 1 or recipe.inputs:
        raise SettingsError(
            tr("{name} has no seed of its own", name=picture.name),
            tr("It lies between several pictures."),
            tr("Choose one that was made from a seed alone."),
        )
    return seeds[0]


def _write(run: Path, slots: Mapping[str, Place]) -> dict[str, Place]:
    write_bytes(_file(run), _SLOTS.dump_json(dict(slots), indent=1, exclude_defaults=True))
    return dict(slots)


def _file(run: Path) -> Path:
    return run.parent.parent / "places" / f"{run.name}.json"
