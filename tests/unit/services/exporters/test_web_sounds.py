"""A page plays sounds, and notes by a file beside them; what an earlier page had goes."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tiny_studio import rows_for, scale_score

pytest.importorskip("soundfile", reason="sounds need the extra “sound”")

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.data.sounds import Sound, from_int16, read_sound
from genstudio.domain.artifacts import Artifact
from genstudio.domain.fields import FieldSpec
from genstudio.domain.progress import drain
from genstudio.domain.recipes import Recipe
from genstudio.services.export import export_gallery
from genstudio.services.gallery_items import GalleryItem


@pytest.fixture
def items(tmp_path: Path) -> list[GalleryItem]:
    gallery = tmp_path / "gallery"
    gallery.mkdir()
    spec = FieldSpec(name="sounds", type="sound", shape=(2048,))
    data = {
        "1.flac": ("sound", Sound(from_int16(rows_for(spec, 1)[0]), 8000)),
        "2.mid": ("notes", scale_score()),
    }
    found: list[GalleryItem] = []
    for seed, (name, (kind, content)) in enumerate(data.items(), start=1):
        recipe = Recipe(software="GenStudio", seed=seed, created=datetime(2026, 1, 31, tzinfo=UTC))
        ARTIFACTS.get(kind).write(Artifact(kind=kind, data=content), gallery / name, recipe)
        found.append(GalleryItem(name, gallery, recipe.model_dump_json(), seed, ()))
    return found


def sources(page: Path) -> list[str]:
    return re.findall(r'<audio src="([^"]+)" controls', page.read_text(encoding="utf-8"))


def test_every_sound_of_the_page_is_a_file_that_sounds(
    items: list[GalleryItem], tmp_path: Path
) -> None:
    done = drain(export_gallery(items, to=tmp_path / "out", kind="web", title="Songs"))
    found = sources(done.path)
    assert found == ["images/1.flac", "images/2.mid.flac"]
    for source in found:
        peak, mean = read_sound(tmp_path / "out" / source).levels()
        assert 0.4 < peak < 0.95
        assert mean > 0.01
    assert 'href="images/2.mid" download' in done.path.read_text(encoding="utf-8")


def test_what_a_page_no_longer_has_goes_with_what_was_played_of_it(
    items: list[GalleryItem], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    drain(export_gallery(items, to=out, kind="web", title="Songs"))
    drain(export_gallery(items[:1], to=out, kind="web", title="Songs"))
    assert {path.name for path in (out / "images").iterdir()} == {"1.flac"}


def test_a_page_that_says_nothing_says_nothing_in_what_is_played(
    items: list[GalleryItem], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    options = {"metadata": "nothing"}
    drain(export_gallery(items, to=out, kind="web", title="Songs", options=options))
    everything = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert b"weights_sha256" not in everything
    assert b"trainedAlgorithmicMedia" not in everything
