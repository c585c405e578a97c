"""Checks of what is made with a trained model: pictures, translations, an exported gallery."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.data.films import look_at_film
from genstudio.data.samples import paint_flower
from genstudio.domain import operations
from genstudio.domain.progress import Progress, drain
from genstudio.domain.recipes import Recipe
from genstudio.engine.trainer import NoCommands
from genstudio.selftest.learning import NUM_PICTURES, small_settings, trained
from genstudio.selftest.place import Place, SelfTestError, missing_pack
from genstudio.services.export import export_gallery
from genstudio.services.exporters.catalog import EXPORTERS
from genstudio.services.films import write_film
from genstudio.services.gallery import Gallery
from genstudio.services.generation import generate
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import save_made
from genstudio.services.projects import open_project
from genstudio.services.remaking import remake
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run

_COUNT = 3
_SIDE = 32
_NUM_FRAMES = 6
# Ways of exporting that need a pack.
_NEED_A_PACK = {"video": "video"}


def generate_pictures(place: Place) -> str:
    """Make pictures, hang them, and make them once more."""
    run = Run(place.run())
    made = list(generate(run, range(_COUNT)))
    again = list(generate(run, reversed(range(_COUNT))))[::-1]
    if not all(np.array_equal(a.image_HWC, b.image_HWC) for a, b in zip(made, again, strict=True)):
        raise SelfTestError("The same seed made another picture")
    with Gallery(run.project()) as gallery:
        for picture in made:
            gallery.hang(picture.artifact, picture.recipe)
    return f"{_COUNT} pictures hung in the gallery; the same seeds make the same pixels"


def blend_pictures(place: Place) -> str:
    """Have the trained model draw what lies between two pictures."""
    given = [place.pictures / f"flower-{number:04}.png" for number in (1, 2)]
    made = _performed("blend", place.run(), {"input": given}, place.folder / "blended")
    return f"{len(made)} pictures between two of yours"


def translate_pictures(place: Place) -> str:
    """Train a translation from pairs and translate new pictures with it."""
    pairs = place.folder / "pairs"
    for index in range(NUM_PICTURES):
        flower_HWC = paint_flower(_SIDE, seed=1, index=index)
        _save(flower_HWC, pairs / "A" / f"{index:02}.png")
        _save(255 - flower_HWC, pairs / "B" / f"{index:02}.png")
    settings = small_settings("paired-translation", 2, width=16)
    request = NewRun(folder=pairs, project=place.folder / "Negatives", settings=settings)
    ending = trained(start_run(request, NoCommands()))
    given = {"input": [place.pictures / f"flower-{number:04}.png" for number in (1, 2)]}
    made = _performed(operations.TRANSLATE, ending.run, given, place.folder / "translated")
    return f"{len(made)} pictures, by a model that learned from {NUM_PICTURES} pairs"


def draw_what_is_asked_for(place: Place) -> str:
    """Learn from pictures with captions, and draw what a prompt asks for."""
    folder = place.folder / "captioned"
    rows = ["file,text"]
    for index in range(NUM_PICTURES):
        flower_HWC = paint_flower(_SIDE, seed=2, index=index)
        _save(flower_HWC if index % 2 else 255 - flower_HWC, folder / f"{index:02}.png")
        rows.append(f"{index:02}.png,a {'light' if index % 2 else 'dark'} flower")
    (folder / "captions.csv").write_text("\n".join(rows), encoding="utf-8")
    settings = small_settings("word-flow", 2, width=32, depth=1)
    request = NewRun(folder=folder, project=place.folder / "Words", settings=settings)
    ending = trained(start_run(request, NoCommands()))
    asked = {"prompt": "a dark flowers", "steps": 2}
    made = _performed("generate", ending.run, {}, place.folder / "asked", asked)
    if Run(ending.run).data.words.get("flower") != NUM_PICTURES:
        raise SelfTestError("The words of the captions were not kept with the run")
    return f"{len(made)} picture of a prompt, by a model that learned {NUM_PICTURES} captions"


def paint_in_a_style(place: Place) -> str:
    """Give a picture the strokes of another one, and grow a texture."""
    photo, painting = (place.pictures / f"flower-{number:04}.png" for number in (1, 2))
    given = {"input": [photo], "style": [painting]}
    quick = {"care": "quick", "largest_side": 64}
    painted = _performed(operations.STYLE_TRANSFER, None, given, place.folder / "painted", quick)
    small = {"width": 32, "height": 32}
    _performed(operations.TEXTURE, None, {"input": [painting]}, place.folder / "textures", small)
    again = drain(remake(painted[0], inputs=[place.pictures]))
    if not again.is_same:
        raise SelfTestError("The recipe of a picture made another one")
    return "a picture in another's hand, and a texture; the recipe makes it again"


def follow_a_taste(place: Place) -> str:
    """Rate what hangs in the gallery by its light, and have more made of what was rated well."""
    with Gallery(open_project(place.project)) as gallery:
        gallery.sync()
        items = gallery.items()
        light = {it.name: float(_pixels(it.path).mean()) for it in items}
        for rank, name in enumerate(sorted(light, key=lambda it: light[it])):
            gallery.rate(name, 1 + rank * 5 // len(light))
    made = _performed("more-like-these", place.run(), {}, place.folder / "taste")
    again = drain(remake(made[0], projects=[place.project]))
    if not again.is_same:
        raise SelfTestError("The recipe of a picture made another one")
    return f"{len(light)} pictures rated, and more made after what that says"


def make_for_a_game(place: Place) -> str:
    """Draw frames of an animation and tiles for a map, and export the frames as a sheet."""
    moves = {"frames": 3, "amount": 0.5}
    frames = _performed("animate", place.run(), {}, place.folder / "frames-of-3", moves)
    again = drain(remake(frames[-1], projects=[place.project]))
    if not again.is_same:
        raise SelfTestError("The recipe of a frame made another one")
    given = {"input": [place.pictures / "flower-0001.png"]}
    _performed("tileset", None, given, place.folder / "tiles", {"side": 16})
    return f"{len(frames)} frames of an animation, and 16 tiles for a map"


def paint_a_film(place: Place) -> str:
    """Film a picture that wanders, paint one frame and have the others painted alike."""
    if without := missing_pack("video"):
        return without
    film = place.folder / "film.mp4"
    flower_HWC = paint_flower(_SIDE * 2, seed=3, index=1)
    frames = (np.roll(flower_HWC, 2 * number, axis=1) for number in range(_NUM_FRAMES))
    recipe = Recipe(software="GenStudio", created=datetime.now(UTC))
    drain(write_film(frames, film, count=_NUM_FRAMES, fps=10, recipe=recipe))
    taken = {"frames": "0", "largest_side": 64}
    (frame,) = _performed(
        operations.CLIP_FRAMES, None, {"input": [film]}, place.folder / "frames", taken
    )
    with Image.open(frame) as picture:
        _save(255 - np.asarray(picture.convert("RGB")), place.folder / frame.name)
    given = {"input": [film], "key_frames": [place.folder / frame.name]}
    small = {"steps": 20, "largest_side": 64}
    (clip,) = _performed(operations.RESTYLE_VIDEO, None, given, place.folder / "films", small)
    if look_at_film(clip).num_frames != _NUM_FRAMES:
        raise SelfTestError("The painted film has another number of frames")
    return f"{_NUM_FRAMES} frames painted like one of them"


def explore_and_make_again(place: Place) -> str:
    """Go to a place between four seeds, along a direction, and make what is there once more."""
    settings = {"seeds": "1, 2, 3, 4", "moves": "1:1.5"}
    (file,) = _performed("explore", place.run(), {}, place.folder / "explored", settings)
    again = drain(remake(file, projects=[place.project]))
    if not again.is_same:
        raise SelfTestError("The recipe of a picture made another one")
    return "a picture between four seeds, along a direction; its recipe makes it again"


def export_gallery_everyhow(place: Place) -> str:
    """Export the gallery in every way there is, without those that want a missing pack."""
    project = open_project(place.project)
    with Gallery(project) as gallery:
        gallery.sync()
        items = gallery.items()
    left_out = [key for key, pack in _NEED_A_PACK.items() if missing_pack(pack)]
    keys = [key for key in EXPORTERS.keys() if key not in left_out]  # noqa: SIM118  # no dictionary
    for key in keys:
        to = place.folder / "exported" / key
        done = drain(export_gallery(items, to=to, kind=key, title=project.name))
        if done.count != len(items) or done.left_out or not done.path.exists():
            raise SelfTestError(f"The export as “{key}” is not whole", str(done))
    return f"{len(items)} pictures, as {', '.join(keys)}"


def _performed(
    key: str,
    run: Path | None,
    inputs: Mapping[str, Sequence[Path]],
    to: Path,
    settings: Mapping[str, Any] | None = None,
) -> Sequence[Path]:
    """Have an operation done, save what comes of it, and read it back with its recipe."""
    files = [save_made(made, to) for made in _made(key, run, inputs, settings)]
    if not files:
        raise SelfTestError(f"“{key}” made nothing")
    for file in files:
        kind = next(it for it in ARTIFACTS.usable() if file.name.endswith(it.card.suffixes))
        recipe = kind.read_recipe(file)
        if recipe is None or recipe.operation != key or not kind.words(kind.read(file)):
            raise SelfTestError(f"{file.name} was not saved with its recipe")
    return files


def _made(
    key: str,
    run: Path | None,
    inputs: Mapping[str, Sequence[Path]],
    settings: Mapping[str, Any] | None,
) -> Iterator[Made]:
    for step in perform(key, run=run, inputs=inputs, checkpoint="last", settings=settings):
        if not isinstance(step, Progress):
            yield step


def _pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def _save(picture_HWC: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture_HWC).save(path)
