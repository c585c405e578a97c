"""Sprite sheets: many small pictures in one, and where each lies, as game engines read it."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from genstudio.domain.language import tr

_LARGEST_SIDE_PX = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprite:
    """One picture of a sheet.

    Attributes:
        name: Of its file, with the suffix.
        pixels: Of shape (height, width) or (height, width, channels).
        animation: What it is a frame of; empty for a picture that stands alone.
    """

    name: str
    pixels: np.ndarray
    animation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLayout:
    """Where sprites lie: (left, top, width, height) of each in pixels, and the size of all."""

    boxes: tuple[tuple[int, int, int, int], ...]
    width: int
    height: int


def laid_out(sprites: Sequence[Sprite], *, columns: int, spacing: int) -> SheetLayout:
    """Lay sprites out in rows of cells that the largest fits into.

    Args:
        sprites: In their order.
        columns: In a row; 0 for as many as make the sheet about square.
        spacing: Empty pixels around each cell, against colours that bleed over where engines
            smooth.

    Raises:
        ValueError: The sheet would have sides of more than 16,384 pixels.
    """
    cell_width = max(it.pixels.shape[1] for it in sprites) + spacing
    cell_height = max(it.pixels.shape[0] for it in sprites) + spacing
    wanted = columns or math.ceil(math.sqrt(len(sprites) * cell_height / cell_width))
    wanted = min(wanted, len(sprites), max(1, (_LARGEST_SIDE_PX - spacing) // cell_width))
    rows = math.ceil(len(sprites) / wanted)
    width, height = spacing + wanted * cell_width, spacing + rows * cell_height
    if max(width, height) > _LARGEST_SIDE_PX:
        raise ValueError(tr("a sheet of {width:,} × {height:,} pixels", width=width, height=height))
    boxes = tuple(
        (
            spacing + at % wanted * cell_width,
            spacing + at // wanted * cell_height,
            it.pixels.shape[1],
            it.pixels.shape[0],
        )
        for at, it in enumerate(sprites)
    )
    return SheetLayout(boxes=boxes, width=width, height=height)


def drawn_sheet(sprites: Sequence[Sprite], layout: SheetLayout, empty: int = 0) -> np.ndarray:
    """One picture of all sprites; ``empty`` is the value of what lies between them."""
    first = sprites[0].pixels
    shape = (layout.height, layout.width, *first.shape[2:])
    sheet = np.full(shape, empty, first.dtype)
    for sprite, (left, top, width, height) in zip(sprites, layout.boxes, strict=True):
        sheet[top : top + height, left : left + width] = sprite.pixels
    return sheet


def aseprite_json(
    sprites: Sequence[Sprite],
    layout: SheetLayout,
    *,
    image: str,
    app: str,
    version: str,
    frame_ms: int,
    is_array: bool,
    data: Mapping[str, str],
    is_indexed: bool,
) -> str:
    """The list of frames as Aseprite writes it beside a sheet, with a tag for each animation.

    Args:
        sprites: In their order.
        layout: Of the sheet.
        image: Name of the sheet's file.
        app: Program that made it.
        version: Of the program.
        frame_ms: How long each frame is seen, in milliseconds.
        is_array: Frames as a list; else by their names.
        data: Name of a sprite => what is kept of it.
        is_indexed: Whether the picture has a palette.
    """
    frames: list[dict[str, object]] = []
    for sprite, (left, top, width, height) in zip(sprites, layout.boxes, strict=True):
        frame: dict[str, object] = {"filename": sprite.name} if is_array else {}
        frame |= {
            "frame": {"x": left, "y": top, "w": width, "h": height},
            "rotated": False,
            "trimmed": False,
            "spriteSourceSize": {"x": 0, "y": 0, "w": width, "h": height},
            "sourceSize": {"w": width, "h": height},
            "duration": frame_ms,
        }
        if sprite.name in data:
            frame["data"] = data[sprite.name]
        frames.append(frame)
    names = [it.name for it in sprites]
    meta = {
        "app": app,
        "version": version,
        "image": image,
        "format": "I8" if is_indexed else "RGBA8888",
        "size": {"w": layout.width, "h": layout.height},
        "scale": "1",
        "frameTags": [
            {"name": name, "from": first, "to": last, "direction": "forward"}
            for name, first, last in _animations(sprites)
        ],
    }
    listed = frames if is_array else dict(zip(names, frames, strict=True))
    return json.dumps({"frames": listed, "meta": meta}, ensure_ascii=False, indent=1)


def godot_frames(
    sprites: Sequence[Sprite], layout: SheetLayout, *, image: str, frames_a_second: float
) -> str:
    """A resource ``SpriteFrames`` of Godot 4, to lie beside the sheet.

    Each animation is one; what stands alone are the frames of "default".
    """
    lines = [
        f'[gd_resource type="SpriteFrames" load_steps={len(sprites) + 2} format=3]',
        "",
        f'[ext_resource type="Texture2D" path={_quoted(image)} id="sheet"]',
        "",
    ]
    for number, (left, top, width, height) in enumerate(layout.boxes):
        lines += [
            f'[sub_resource type="AtlasTexture" id="frame_{number}"]',
            'atlas = ExtResource("sheet")',
            f"region = Rect2({left}, {top}, {width}, {height})",
            "",
        ]
    animations = {name: range(first, last + 1) for name, first, last in _animations(sprites)}
    alone = [number for number, sprite in enumerate(sprites) if not sprite.animation]
    groups = ([("default", alone)] if alone else []) + list(animations.items())
    listed = ", ".join(
        "{\n"
        '"frames": ['
        + ", ".join(
            f'{{\n"duration": 1.0,\n"texture": SubResource("frame_{number}")\n}}'
            for number in group
        )
        + '],\n"loop": true,\n'
        f'"name": &{_quoted(name)},\n'
        f'"speed": {frames_a_second:.6g}{"" if frames_a_second % 1 else ".0"}\n'
        "}"
        for name, group in groups
    )
    return "\n".join([*lines, "[resource]", f"animations = [{listed}]", ""])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _animations(sprites: Sequence[Sprite]) -> list[tuple[str, int, int]]:
    """Name, first and last frame of each animation."""
    found: list[tuple[str, int, int]] = []
    for number, sprite in enumerate(sprites):
        if not sprite.animation:
            continue
        if found and found[-1][0] == sprite.animation and found[-1][2] == number - 1:
            found[-1] = (sprite.animation, found[-1][1], number)
        else:
            found.append((sprite.animation, number, number))
    return found
