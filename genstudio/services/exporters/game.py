"""Exporter "game": sprites in few colours, one by one and as a sheet that engines read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import ClassVar, Final, Literal

import numpy as np
from PIL import Image

import genstudio
from genstudio.artifacts.catalog import kind_of_file
from genstudio.artifacts.image import encoded
from genstudio.data.palettes import (
    MOST_COLOURS,
    palette_of,
    read_palette,
    to_indices,
    with_hard_edges,
)
from genstudio.domain.artifacts import IMAGE
from genstudio.domain.errors import GenStudioError, SettingsError
from genstudio.domain.language import tr
from genstudio.domain.progress import Progress, Working
from genstudio.domain.settings import setting
from genstudio.services.exporters.files import (
    UnusableItemError,
    content_of,
    finished,
    opened_picture,
    write_once,
)
from genstudio.services.exporters.protocol import (
    ExportDone,
    Exporter,
    ExporterCard,
    ExportOptions,
    LeftOut,
)
from genstudio.services.exporters.signing import Finisher
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.outputs import free_place
from genstudio.services.projects import slug
from genstudio.services.sprite_sheets import (
    Sprite,
    aseprite_json,
    drawn_sheet,
    godot_frames,
    laid_out,
)

# All pixels are held at once, and the palette is chosen from all.
_MOST_PIXELS = 2**26
# Of the picture's colours, for those who see nothing: it is in no palette.
_CLEAR = (0, 0, 0)


class GameOptions(ExportOptions):
    """How pictures become sprites."""

    colours: int = setting(
        32,
        title="How many colours — palette",
        help="The most that there are in all pictures together, so that they look as one set. "
        "0 keeps all colours.",
        ge=0,
        le=MOST_COLOURS,
    )
    palette: str = setting(
        "",
        title="Colours of your own — palette file",
        help="Path of a palette (.gpl, .pal, .hex) or of a small picture that has the colours. "
        "Only these are used; empty chooses the colours that show the pictures best.",
        opens="palette",
    )
    dither: float = setting(
        0.0,
        title="Mix colours by a pattern — dithering",
        help="0 for clean areas, 1 for a pattern of dots that looks like colours in between.",
        ge=0.0,
        le=1.0,
        advanced=True,
    )
    hard_edges: bool = setting(
        True,
        title="Hard edges — binary alpha",
        help="Every pixel is seen or not; nothing is half see-through.",
    )
    scale: int = setting(
        1,
        title="How much larger",
        help="Each pixel becomes a square of so many. Never smoothed.",
        ge=1,
        le=16,
    )
    sheet: Literal["aseprite array", "aseprite hash", "godot", "none"] = setting(
        "aseprite array",
        title="One sheet of all",
        help="A sprite sheet, and beside it where each lies: as JSON like Aseprite's (Unity, "
        "Phaser, GameMaker and others read it), as SpriteFrames of Godot 4, or no sheet.",
    )
    columns: int = setting(
        0,
        title="Pictures in a row of the sheet",
        help="0 makes it about square.",
        ge=0,
        le=1024,
        advanced=True,
    )
    spacing: int = setting(
        0,
        title="Room around each in the sheet",
        help="Empty pixels, for engines that smooth.",
        ge=0,
        le=64,
        advanced=True,
        unit="px",
    )
    frames_per_second: float = setting(
        12.0,
        title="Speed of animations",
        help="Pictures a second.",
        ge=0.1,
        le=120.0,
        advanced=True,
    )
    singles: bool = setting(
        True,
        title="Each as a file, too",
        help="One PNG for each picture beside the sheet.",
        advanced=True,
    )


@dataclass(frozen=True, slots=True)
class _Given:
    item: GalleryItem
    image: np.ndarray


class Game:
    """A folder of sprites and a sheet."""

    card: ClassVar[ExporterCard] = ExporterCard(
        key="game",
        title="As sprites for a game",
        summary="Sprites in a palette of few colours with hard edges, enlarged by whole numbers, "
        "and a sheet of all with its list for Aseprite, Godot and others.",
        icon="gamepad-2",
    )
    Options: ClassVar[type[ExportOptions]] = GameOptions

    def export(
        self, items: Sequence[GalleryItem], to: Path, title: str, options: ExportOptions
    ) -> Working[ExportDone]:
        """Write them; what is no picture is left out."""
        assert isinstance(options, GameOptions)
        if options.sheet == "none" and not options.singles:
            raise SettingsError(
                tr("Nothing would be exported"),
                tr("Neither a sheet nor single files are wanted."),
                tr("Choose one of them."),
            )
        finisher = Finisher(options)
        palette = read_palette(Path(options.palette).expanduser()) if options.palette else None
        left_out: list[LeftOut] = []
        given: list[_Given] = []
        pixels = 0
        for item in items:
            try:
                given.append(_Given(item, _pixels_of(item, options)))
            except UnusableItemError as error:
                left_out.append(LeftOut(item.name, error.title))
            else:
                pixels += given[-1].image.size // 4
                _refuse_too_many(pixels)
        done_with = finished(to, items, left_out)
        if palette is None and options.colours:
            # One place of 256 is for what is not seen.
            most = min(options.colours, MOST_COLOURS - 1 if _has_clear(given) else MOST_COLOURS)
            palette = palette_of([it.image for it in given], most)
        if palette is not None and len(palette) == MOST_COLOURS and _has_clear(given):
            raise SettingsError(
                tr("There is no place left for what is see-through"),
                tr(
                    "The palette has 256 colours, and a picture with a palette has 256 with the "
                    "see-through one."
                ),
                tr("Use a palette of up to 255 colours."),
            )
        sprites: list[Sprite] = []
        for done, it in enumerate(given, start=1):
            sprite = _sprite(it, palette, options)
            sprites.append(sprite)
            if options.singles:
                software = _software([it], options)
                content = finisher.finished(
                    _png(sprite.pixels, palette, software),
                    to / sprite.name,
                    is_synthetic=bool(software),
                )
                write_once(_place(to / sprite.name, content, finisher), content)
            yield Progress(tr("Exporting"), done, len(given))
        if options.sheet != "none":
            _write_sheet(_unique(sprites), to, slug(title), palette, options, given, finisher)
        return done_with


def _pixels_of(item: GalleryItem, options: GameOptions) -> np.ndarray:
    """RGBA as it is enlarged later: uint8 (height, width, 4)."""
    kind = kind_of_file(item.path)
    if kind is None or kind.card.key != IMAGE:
        raise UnusableItemError(tr("It is no picture"))
    picture = opened_picture(content_of(item, "everything")).convert("RGBA")
    image = np.asarray(picture)
    soft = options.colours or options.palette or options.hard_edges
    return with_hard_edges(image) if soft else image


def _refuse_too_many(pixels: int) -> None:
    if pixels > _MOST_PIXELS:
        raise SettingsError(
            tr("These are too many pixels for one set of sprites"),
            tr(
                "More than {most_pixels:,} pixels would have to be kept at once.",
                most_pixels=_MOST_PIXELS,
            ),
            tr("Export fewer pictures, or smaller ones."),
        )


def _has_clear(given: Sequence[_Given]) -> bool:
    return any((it.image[..., 3] == 0).any() for it in given)


def _sprite(given: _Given, palette: np.ndarray | None, options: GameOptions) -> Sprite:
    """Indices where there is a palette (its length stands for what is not seen), else RGBA."""
    pixels = given.image
    if palette is not None:
        indices = to_indices(pixels, palette, dither=options.dither)
        pixels = np.where(pixels[..., 3] == 0, len(palette), indices).astype(np.uint8)
    pixels = pixels.repeat(options.scale, axis=0).repeat(options.scale, axis=1)
    name = PurePosixPath(given.item.name).with_suffix(".png").name
    return Sprite(name=name, pixels=pixels, animation=_animation(given.item))


def _animation(item: GalleryItem) -> str:
    """What the frames of one walk share."""
    try:
        recipe = item.recipe
    except GenStudioError:
        return ""
    if recipe.operation != "animate":
        return ""
    return PurePosixPath(item.name).stem.rpartition("-")[0]


def _unique(sprites: Sequence[Sprite]) -> list[Sprite]:
    """With a number behind names that come from several runs."""
    seen: dict[str, int] = {}
    named: list[Sprite] = []
    for sprite in sprites:
        seen[sprite.name] = seen.get(sprite.name, 0) + 1
        number = seen[sprite.name]
        stem = PurePosixPath(sprite.name).stem
        named.append(sprite if number == 1 else replace(sprite, name=f"{stem}-{number}.png"))
    return named


def _write_sheet(
    sprites: Sequence[Sprite],
    to: Path,
    name: str,
    palette: np.ndarray | None,
    options: GameOptions,
    given: Sequence[_Given],
    finisher: Finisher,
) -> None:
    try:
        layout = laid_out(sprites, columns=options.columns, spacing=options.spacing)
    except ValueError as error:
        raise SettingsError(
            tr("The sheet would be too large for most programs"),
            tr("It would be {error}.", error=error),
            tr("Export fewer pictures, or enlarge them less."),
        ) from error
    sheet = drawn_sheet(sprites, layout, 0 if palette is None else len(palette))
    software, wanted = _software(given, options), to / f"{name}-sheet.png"
    content = finisher.finished(_png(sheet, palette, software), wanted, is_synthetic=bool(software))
    place = _place(wanted, content, finisher)
    write_once(place, content)
    if options.sheet == "godot":
        text = godot_frames(
            sprites, layout, image=place.name, frames_a_second=options.frames_per_second
        )
        beside = place.with_suffix(".tres")
    else:
        data = {sprite.name: it.item.recipe_json for sprite, it in zip(sprites, given, strict=True)}
        text = aseprite_json(
            sprites,
            layout,
            image=place.name,
            app="GenStudio",
            version=genstudio.__version__,
            frame_ms=round(1000 / options.frames_per_second),
            is_array=options.sheet == "aseprite array",
            data=data if options.metadata == "everything" else {},
            is_indexed=palette is not None,
        )
        beside = place.with_suffix(".json")
    write_once(_place(beside, text.encode(), finisher), text.encode())


def _software(given: Sequence[_Given], options: GameOptions) -> str:
    """What the mark of a trained model names; empty where none is wanted, or nothing was made."""
    is_made = any(it.item.recipe.synthetic for it in given)
    return f"GenStudio {genstudio.__version__}" if is_made and options.metadata != "nothing" else ""


def _png(pixels: np.ndarray, palette: np.ndarray | None, software: str) -> bytes:
    if palette is None:
        is_opaque = bool((pixels[..., 3] == 255).all())
        return encoded(Image.fromarray(pixels[..., :3] if is_opaque else pixels), software)
    picture = Image.fromarray(pixels, "P")
    has_clear = bool((pixels == len(palette)).any())
    entries = [*palette.tolist(), _CLEAR] if has_clear else palette.tolist()
    picture.putpalette([level for row in entries for level in row])
    return encoded(picture, software, clear_index=len(palette) if has_clear else None)


def _place(wanted: Path, content: bytes, finisher: Finisher) -> Path:
    return free_place(wanted, lambda found: finisher.is_there(found, content))


EXPORTER: Final[Exporter] = Game()
