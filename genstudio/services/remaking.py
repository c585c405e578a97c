"""Makes a result again from the recipe in its own file, and says whether it is the same."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from genstudio.artifacts import animation
from genstudio.artifacts.catalog import kind_of_file
from genstudio.artifacts.protocol import ReadKind
from genstudio.data.decode import content_hash_of
from genstudio.domain.artifacts import Artifact
from genstudio.domain.errors import CheckpointError, GenStudioError, ProjectError
from genstudio.domain.files import is_file
from genstudio.domain.language import tr
from genstudio.domain.operations import OperationCard
from genstudio.domain.progress import Progress, Working
from genstudio.domain.recipes import Recipe, RecipeInput
from genstudio.domain.settings import as_before
from genstudio.engine.device import available_accelerators
from genstudio.models.catalog import model_class
from genstudio.services.exporters.video import FILM_OF_GALLERY
from genstudio.services.film_remaking import film_gallery_again, refuse_untold
from genstudio.services.operations.catalog import OPERATIONS
from genstudio.services.operations.perform import perform
from genstudio.services.projects import is_project
from genstudio.services.runs import Run
from genstudio.services.time_lapses import TIME_LAPSE, film_again
from genstudio.services.walk_remaking import walk_again
from genstudio.services.walking import WALK

# Of blends; of what is made from seeds, one is made.
_COUNT = "count"
# Made by no operation.
_FILMS = (WALK, TIME_LAPSE, FILM_OF_GALLERY)
_MOST_LOOKED_THROUGH = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Remade:
    """What was made again.

    Attributes:
        artifact: It.
        recipe: As the file has it.
        run: The run that made it; None where none was needed.
        is_same: Whether the file holds exactly this; else it was changed afterwards, or made on
            another kind of machine.
        device: That it was made on now.
        work: What made it: a film is there as long as this is.
    """

    artifact: Artifact
    recipe: Recipe
    run: Path | None
    is_same: bool
    device: str = "cpu"
    work: object = None

    @property
    def words(self) -> str:
        """Whether it is the same, for people."""
        if self.is_same:
            return tr("the same to the last pixel")
        if self.recipe.device != self.device:
            return tr(
                "not to the last pixel what the file holds: that was drawn on another device "
                "({recipe_device}), this one on {device}",
                recipe_device=self.recipe.device,
                device=self.device,
            )
        if self.device != "cpu":
            return tr(
                "not to the last pixel what the file holds: on a graphics card ({device}) the last "
                "bits are not promised",
                device=self.device,
            )
        return tr(
            "not what the file holds: that was changed afterwards, or made on another kind of "
            "machine"
        )


def remake(
    path: Path, *, projects: Sequence[Path] = (), inputs: Sequence[Path] = ()
) -> Working[Remade]:
    """Make a result again, with the same weights, seed, inputs and settings.

    Args:
        path: A result of GenStudio, exported or in a gallery; only read.
        projects: Where its run may be, besides the project that the file lies in.
        inputs: Files, or folders with files, that it may have been made from; those beside it
            are looked at as well.

    Returns:
        What was made.

    Raises:
        ProjectError: The file carries no recipe, or its run, its weights or what it was made from
            are no longer there; the message says which.
        DatasetError: The file cannot be read.
    """
    kind, recipe = _recipe_of(path)
    if recipe.operation in _FILMS:
        return (yield from _film_again(path, kind, recipe, projects, inputs))
    operation = OPERATIONS.get(recipe.operation)
    run = None
    if operation.card.needs_run:
        run = run_that_made(path, recipe, projects)
        _refuse_other_weights(run, recipe)
    model = None if run is None else model_class(run.settings.model_key)
    chosen = operation.settings(model)
    # Where there is no such card, it is drawn by the processor, and its words say so.
    device = recipe.device if recipe.device in available_accelerators() else "cpu"
    files = _inputs_of(recipe.inputs, [*inputs, path.absolute().parent])
    work = perform(
        recipe.operation,
        run=None if run is None else run.path,
        inputs=_by_role(recipe.inputs, files, operation.card),
        count=int(recipe.sampling.get(_COUNT, 1)),
        seed=recipe.seed or 0,
        checkpoint=str(recipe.step),
        settings={
            name: value
            for name, value in as_before(chosen, recipe.sampling).items()
            if name in chosen.model_fields
        },
        batch=recipe.batch,
        device=device,
    )
    position = 0
    for item in work:
        if isinstance(item, Progress):
            yield item
        elif position < recipe.position:
            position += 1
        else:
            if run is None:
                _refuse_other_network(item.recipe, recipe)
            same = _is_same(kind, path, item.artifact)
            folder = None if run is None else run.path
            return Remade(
                artifact=item.artifact,
                recipe=recipe,
                run=folder,
                is_same=same,
                device=item.recipe.device,
                work=work,
            )
    raise ProjectError(
        tr("{name} cannot be made again", name=path.name),
        tr(
            "Its recipe names result {position}, and there are {position2}.",
            position=recipe.position + 1,
            position2=position,
        ),
        tr("Was the recipe changed?"),
    )


def _film_again(
    path: Path,
    kind: ReadKind,
    recipe: Recipe,
    projects: Sequence[Path],
    inputs: Sequence[Path],
) -> Working[Remade]:
    """Of what no operation makes: films, and their single frames."""
    card, suffix = kind.card, path.suffix.lower()
    places = [*inputs, path.absolute().parent]
    run: Run | None = None
    if recipe.operation == FILM_OF_GALLERY:
        refuse_untold(recipe)
        known = dict.fromkeys([*_projects_around(path), *projects])
        galleries = [folder for project in known for folder in _gallery_folders(project)]
        files = _inputs_of(recipe.inputs, [*places, *galleries])
        work = film_gallery_again(recipe, suffix, files)
    elif recipe.operation == TIME_LAPSE:
        run = run_that_made(path, recipe, projects)
        work = film_again(run, recipe, card, suffix)
    else:
        run = run_that_made(path, recipe, projects)
        _refuse_other_weights(run, recipe)
        work = walk_again(run, recipe, card, suffix, _inputs_of(recipe.inputs, places))
    for item in work:
        if isinstance(item, Progress):
            yield item
            continue
        return Remade(
            artifact=item,
            recipe=recipe,
            run=None if run is None else run.path,
            is_same=_is_same(kind, path, item),
            work=work,
        )
    raise AssertionError("a film gives a result")


def _gallery_folders(project: Path) -> list[Path]:
    """The gallery of a project and the folders in it; none where it leads elsewhere."""
    gallery = project / "gallery"
    if not gallery.is_dir() or gallery.is_symlink():
        return []
    return [Path(folder) for folder, _, _ in os.walk(gallery)]


def _by_role(
    noted: Sequence[RecipeInput], files: Sequence[Path], card: OperationCard
) -> dict[str, list[Path]]:
    """Hand what something was made from to the inputs that it was given for."""
    given: dict[str, list[Path]] = {}
    for it, file in zip(noted, files, strict=True):
        given.setdefault(it.role or card.inputs[0].name, []).append(file)
    return given


def _is_same(kind: ReadKind, path: Path, made: Artifact) -> bool:
    try:
        return kind.is_same(kind.read(path), made)
    except GenStudioError:
        return False  # Only its recipe can be read any more.


def _recipe_of(path: Path) -> tuple[ReadKind, Recipe]:
    is_animation = path.suffix.lower() == animation.SUFFIX
    kind = animation.KIND if is_animation else kind_of_file(path)
    recipe = None if kind is None else kind.read_recipe(path)
    if kind is None or recipe is None:
        raise ProjectError(
            tr("{name} says nothing of how it was made", name=path.name),
            tr("It comes from elsewhere, or was exported or saved without its recipe."),
            tr("Choose a file as GenStudio saved it, such as one of a project's gallery."),
        )
    return kind, recipe


def _projects_around(path: Path) -> Iterator[Path]:
    return (folder for folder in path.absolute().parents if is_project(folder))


def run_that_made(path: Path, recipe: Recipe, projects: Iterable[Path] = ()) -> Run:
    """The run that a recipe names.

    Args:
        path: The file that has the recipe; projects around it are looked in first.
        recipe: Its recipe.
        projects: Where else the run may be.

    Raises:
        ProjectError: It is in none of them.
    """
    # The recipe may be a stranger's: a name of a folder and nothing else.
    is_name = PurePath(recipe.run).name == recipe.run and "\\" not in recipe.run
    for project in [*_projects_around(path), *projects]:
        folder = project / "runs" / recipe.run
        if is_name and is_file(folder / "run.toml"):
            return Run(folder)
    raise ProjectError(
        tr("The run that made it is not here"),
        tr(
            "It was made by the run {run} of the project “{project}”.",
            run=recipe.run,
            project=recipe.project,
        ),
        tr("Name that project's folder. Where the run is gone, nothing can make it again."),
    )


def _refuse_other_weights(run: Run, recipe: Recipe) -> None:
    try:
        checkpoint = run.checkpoint(str(recipe.step))
    except CheckpointError as error:
        raise ProjectError(
            tr("The weights of step {step:,} are no longer there", step=recipe.step),
            tr(
                "It was made with them by the run {name}, which goes on to keep others.",
                name=run.path.name,
            ),
            tr("Star the points of a run that shall stay."),
        ) from error
    if checkpoint.checksums["ema.safetensors"] != recipe.weights_sha256:
        raise ProjectError(
            tr("The run has other weights now"),
            tr(
                "Step {step:,} of {name} is not the one that this was made with.",
                step=recipe.step,
                name=run.path.name,
            ),
            tr("Was the run gone back and trained anew? Then nothing can make it again."),
        )


def _refuse_other_network(made: Recipe, recipe: Recipe) -> None:
    """Of networks that come with a pack: another version of it has others."""
    if recipe.weights_sha256 and made.weights_sha256 != recipe.weights_sha256:
        raise ProjectError(
            tr("It was made with another network"),
            tr("That one's weights are not those that are installed here now."),
            tr("Install the version of the pack that it was made with."),
        )


def _inputs_of(wanted: Sequence[RecipeInput], places: Iterable[Path]) -> list[Path]:
    """The files that something was made from, found by their content, in order."""
    if not wanted:
        return []
    names = {it.name for it in wanted}
    found: dict[str, Path] = {}
    for path in _files_in(places):
        # Hashing all of a large folder would take long: first by name.
        if path.name in names:
            found.setdefault(_hash(path), path)
    missing = [it.name for it in wanted if it.content_hash not in found]
    if missing:
        raise ProjectError(
            tr("What it was made from is not here"),
            tr(
                "It was made from {missing}{value}.",
                missing=", ".join(missing[:3]),
                value=" …" if len(missing) > 3 else "",
            ),
            tr("Name the files, or the folder that they lie in; they must not have changed."),
        )
    return [found[it.content_hash] for it in wanted]


def _files_in(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        inside = sorted(place.iterdir()) if place.is_dir() else [place]
        yield from (path for path in inside[:_MOST_LOOKED_THROUGH] if is_file(path))


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return content_hash_of(file)
    except OSError:
        return ""
