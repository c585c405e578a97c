"""All that a stranger may send: valid files, how they are changed, and how they are read."""

import hashlib
import json
import random
from pathlib import Path

from fuzz_cases import Target
from fuzz_readers import (
    describe_run,
    export_pictures,
    go_on,
    look_through,
    make_pictures,
    read_cache,
    read_captions_beside,
    read_checkpoint,
    read_gallery,
    read_gallery_pictures,
    read_heard,
    read_inception,
    read_judgement,
    read_pictures,
    read_preferences,
    read_project,
    read_run,
    read_score_table,
    read_torn_checkpoint,
    read_whole,
)
from mutations import (
    change_bytes,
    change_json_lines,
    change_npy,
    change_png,
    change_safetensors,
    change_text,
    png_chunks,
    png_of,
)
from tricks import (
    BOMBS,
    DEVICE_FILES,
    HOSTILE_INDEXES,
    HOSTILE_JSON,
    HOSTILE_PICTURES,
    HOSTILE_TOML,
    STRANGE_FOLDERS,
    WORST_INDEXES,
    abandoned_by_no_process,
    branch_from_afar,
    link_out_of_gallery,
    list_nameless_file,
    lose_optimizer_state,
    picture,
    save_at_the_end_of_time,
    text_in,
)
from valid_files import PICTURES, PROJECT

from genstudio.artifacts.image import RECIPE_KEY
from genstudio.data.decode import UnreadablePictureError
from genstudio.domain.errors import GenStudioError

_IN_PROJECT = f"toy/{PROJECT}"
_CHECKPOINTS = f"*/{PROJECT}/runs/*/checkpoints"
_WEIGHTS = (f"{_CHECKPOINTS}/2/*.safetensors", change_safetensors)
_STATE = (f"{_CHECKPOINTS}/2/state.json", change_text)


def mend_checksums(case: Path) -> None:
    """Give every file of every checkpoint its right checksum, where there is a list of them."""
    for path in case.glob(f"{_CHECKPOINTS}/*/checksums.json"):
        try:
            checksums = json.loads(path.read_bytes())
            for name in checksums:
                content = (path.parent / name).read_bytes()
                checksums[name] = hashlib.sha256(content).hexdigest()
            path.write_text(json.dumps(checksums))
        except (OSError, ValueError, TypeError, RecursionError):
            continue  # The list itself was changed beyond use.


def change_recipe(chance: random.Random, content: bytes) -> bytes:
    """Change the recipe inside a picture, behind right checksums."""
    head = RECIPE_KEY.encode() + bytes(5)
    return png_of(
        [
            (kind, head + change_text(chance, data[len(head) :]))
            if kind == b"iTXt" and data.startswith(head)
            else (kind, data)
            for kind, data in png_chunks(content)
        ]
    )


def _pictures(kind: str) -> Target:
    change = change_png if kind == "png" else change_bytes
    return Target(
        name=f"pictures-{kind}",
        parts=[kind],
        read=lambda case: read_pictures(case, kind),
        changes=[(f"{kind}/*", change)],
        tricks=[picture(kind, make) for make in HOSTILE_PICTURES.get(kind, ())],
        refusals=(GenStudioError, UnreadablePictureError),
    )


TARGETS: tuple[Target, ...] = (
    Target(
        name="checkpoint-torn",
        parts=["toy"],
        read=read_torn_checkpoint,
        changes=[(f"{_CHECKPOINTS}/2/[!c]*", change_bytes)],
        must_refuse=True,
    ),
    Target(
        name="checkpoint",
        parts=["toy"],
        read=read_checkpoint,
        changes=[_WEIGHTS, _WEIGHTS, _STATE, (f"{_CHECKPOINTS}/2/checksums.json", change_text)],
        tricks=text_in(f"{_CHECKPOINTS}/2/checksums.json", *HOSTILE_JSON),
        mend=mend_checksums,
    ),
    Target(
        name="generate",
        parts=["toy"],
        read=lambda case: make_pictures(case, "toy"),
        changes=[(f"{_CHECKPOINTS}/2/ema.safetensors", change_safetensors)],
        mend=mend_checksums,
    ),
    Target(
        name="generate-vae",
        parts=["residual-vae"],
        read=lambda case: make_pictures(case, "residual-vae"),
        changes=[(f"{_CHECKPOINTS}/2/ema.safetensors", change_safetensors)],
        mend=mend_checksums,
        share=0.1,
    ),
    Target(
        name="generate-gan",
        parts=["self-supervised-gan"],
        read=lambda case: make_pictures(case, "self-supervised-gan"),
        changes=[(f"{_CHECKPOINTS}/2/ema.safetensors", change_safetensors)],
        mend=mend_checksums,
        share=0.1,
    ),
    Target(
        name="resume",
        parts=["toy"],
        read=go_on,
        changes=[
            _WEIGHTS,
            _WEIGHTS,
            _STATE,
            (f"{_IN_PROJECT}/runs/*/run.toml", change_text),
            (f"{_IN_PROJECT}/datasets/*/manifest.toml", change_text),
            (f"{_IN_PROJECT}/**/*", change_bytes),
        ],
        mend=mend_checksums,
        share=0.1,
    ),
    Target(
        name="run",
        parts=["toy"],
        read=read_run,
        changes=[
            (f"{_IN_PROJECT}/runs/*/run.toml", change_text),
            (f"{_IN_PROJECT}/runs/*/events.jsonl", change_json_lines),
        ],
        tricks=[
            *text_in(f"{_IN_PROJECT}/runs/*/run.toml", *HOSTILE_TOML),
            *text_in(f"{_IN_PROJECT}/runs/*/events.jsonl", *HOSTILE_JSON),
        ],
    ),
    Target(
        name="project",
        parts=["toy"],
        read=read_project,
        changes=[
            (f"{_IN_PROJECT}/project.toml", change_text),
            (f"{_IN_PROJECT}/datasets/*/manifest.toml", change_text),
        ],
        tricks=text_in(f"{_IN_PROJECT}/project.toml", *HOSTILE_TOML),
    ),
    Target(
        name="cache",
        parts=["toy"],
        read=read_cache,
        changes=[
            (f"{_IN_PROJECT}/datasets/*/*/complete.json", change_text),
            (f"{_IN_PROJECT}/datasets/*/*/pixels.npy", change_npy),
        ],
        tricks=text_in(f"{_IN_PROJECT}/datasets/*/*/complete.json", *HOSTILE_JSON),
    ),
    Target(
        name="gallery",
        parts=["toy"],
        read=read_gallery,
        changes=[(f"{_IN_PROJECT}/library.sqlite", change_bytes)],
        tricks=HOSTILE_INDEXES,
    ),
    Target(
        name="gallery-pictures",
        parts=["toy"],
        read=read_gallery_pictures,
        changes=[
            (f"{_IN_PROJECT}/gallery/*.png", change_recipe),
            (f"{_IN_PROJECT}/gallery/*.png", change_recipe),
            (f"{_IN_PROJECT}/gallery/*.png", change_png),
        ],
    ),
    Target(
        name="preferences",
        parts=["preferences"],
        read=read_preferences,
        changes=[("preferences/**/*.toml", change_text)],
        tricks=text_in("preferences/**/*.toml", *HOSTILE_TOML),
    ),
    Target(
        name="judgement",
        parts=["judgement"],
        read=read_judgement,
        changes=[("judgement/**/*.json", change_text)],
        tricks=text_in("judgement/**/*.json", *HOSTILE_JSON),
    ),
    Target(
        name="scores",
        parts=["scores"],
        read=read_score_table,
        changes=[("scores/*", change_text), ("scores/*", change_bytes)],
        share=0.2,
    ),
    Target(
        name="heard",
        parts=["heard"],
        read=read_heard,
        changes=[("heard/*", change_bytes)],
        share=0.3,
    ),
    Target(
        name="captions",
        parts=["captions"],
        read=read_captions_beside,
        changes=[("captions/*", change_text), ("captions/*", change_bytes)],
        tricks=[
            *text_in("captions/captions.jsonl", *HOSTILE_JSON),
            *text_in("captions/metadata.jsonl", *HOSTILE_JSON),
        ],
        share=0.3,
    ),
    Target(
        name="inception",
        parts=["toy"],
        read=read_inception,
        changes=[(f"{_CHECKPOINTS}/2/ema.safetensors", change_safetensors)],
        share=0.1,
    ),
    Target(
        name="whole",
        parts=["toy"],
        read=read_whole,
        changes=[(f"{_IN_PROJECT}/**/*", change_bytes)],
        tricks=[*STRANGE_FOLDERS, abandoned_by_no_process],
        share=0.1,
    ),
    *map(_pictures, PICTURES),
    Target(
        name="bombs",
        parts=PICTURES,
        read=look_through,
        changes=[],
        tricks=[picture(kind, make) for kind, make in BOMBS],
        refusals=(GenStudioError, UnreadablePictureError),
    ),
    Target(
        name="checkpoint-names",
        parts=["toy"],
        read=read_checkpoint,
        changes=[],
        tricks=[list_nameless_file],
    ),
    Target(
        name="optimizers",
        parts=["toy"],
        read=go_on,
        changes=[],
        tricks=[lose_optimizer_state],
        mend=mend_checksums,
    ),
    Target(
        name="hostile-files",
        parts=["toy"],
        read=read_whole,
        changes=[],
        tricks=DEVICE_FILES,
    ),
    Target(
        name="hostile-indexes",
        parts=["toy"],
        read=read_gallery,
        changes=[],
        tricks=WORST_INDEXES,
    ),
    Target(
        name="hostile-links",
        parts=["toy"],
        read=export_pictures,
        changes=[],
        tricks=[link_out_of_gallery],
    ),
    Target(
        name="hostile-words",
        parts=["toy"],
        read=describe_run,
        changes=[],
        tricks=[branch_from_afar, save_at_the_end_of_time],
        mend=mend_checksums,
    ),
)
