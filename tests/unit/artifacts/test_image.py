import contextlib
import errno
import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from genstudio.artifacts.image import LARGEST_RECIPE_BYTES, read_recipe, save_picture
from genstudio.domain.errors import DatasetError, GenStudioError, ProjectError
from genstudio.domain.recipes import Recipe

PIXELS_HWC = np.arange(6 * 5 * 3, dtype=np.uint8).reshape(6, 5, 3)


def recipe(**changes: Any) -> Recipe:
    values: dict[str, Any] = {
        "software": "GenStudio 0.1.0",
        "model_key": "gan",
        "run": "20260131-154500-gan-3f2a",
        "project": "Wiese im Mai – 草地",
        "step": 1200,
        "weights_sha256": "ab" * 32,
        "seed": 7,
        "size": 64,
        "sampling": {"truncation": 0.7, "label": "Mohn"},
        "created": datetime(2026, 1, 31, 15, 45, tzinfo=UTC),
    }
    return Recipe(**{**values, **changes})


def png_with_text(text: str) -> bytes:
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("genstudio", text)
    file = io.BytesIO()
    Image.fromarray(PIXELS_HWC).save(file, "PNG", pnginfo=texts)
    return file.getvalue()


def saved_png() -> bytes:
    return png_with_text(recipe().model_dump_json())


def test_a_saved_picture_gives_back_its_pixels_and_its_recipe(tmp_path: Path) -> None:
    path = tmp_path / "gallery" / "7.png"

    save_picture(PIXELS_HWC, path, recipe())

    assert read_recipe(path) == recipe()
    with Image.open(path) as picture:
        np.testing.assert_array_equal(np.asarray(picture), PIXELS_HWC)
    assert [file.name for file in path.parent.iterdir()] == ["7.png"]


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_grey_and_transparent_pictures_keep_their_kind(
    tmp_path: Path, channels: int, mode: str
) -> None:
    pixels_HWC = np.full((4, 4, channels), 90, np.uint8)

    save_picture(pixels_HWC, tmp_path / "a.png", recipe())

    with Image.open(tmp_path / "a.png") as picture:
        assert picture.mode == mode
        np.testing.assert_array_equal(np.asarray(picture).reshape(4, 4, channels), pixels_HWC)


def test_the_picture_declares_to_other_programs_that_a_trained_model_made_it(
    tmp_path: Path,
) -> None:
    save_picture(PIXELS_HWC, tmp_path / "a.png", recipe(software='Gen <& "Studio"\x00'))

    with Image.open(tmp_path / "a.png") as picture:
        metadata = picture.getxmp()
    description = metadata["xmpmeta"]["RDF"]["Description"]
    assert description["DigitalSourceType"] == (
        "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    )
    assert description["CreatorTool"] == 'Gen <& "Studio"'


def test_a_full_disk_leaves_the_old_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    save_picture(PIXELS_HWC, path, recipe(seed=1))

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(ProjectError, match="disk is full"):
        save_picture(PIXELS_HWC, path, recipe(seed=2))

    assert read_recipe(path) == recipe(seed=1)
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_a_picture_from_elsewhere_has_no_recipe(tmp_path: Path) -> None:
    for name in ("a.png", "a.jpg", "a.webp"):
        Image.fromarray(PIXELS_HWC).save(tmp_path / name)
        assert read_recipe(tmp_path / name) is None


def test_what_is_no_picture_is_refused_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("tulips, poppies")

    for path in (tmp_path / "notes.png", tmp_path / "missing.png", tmp_path):
        with pytest.raises(DatasetError) as caught:
            read_recipe(path)
        assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[1, 2]",
        "poppies",
        '{"seed": ' * 5000,
        recipe().model_dump_json().replace("Mohn", "\\ud800"),
        recipe().model_dump_json().replace('"seed":7', '"seed":-7'),
        recipe().model_dump_json().replace('"size":64', '"size":1000000'),
        recipe().model_dump_json().replace('"run":"', '"run":"' + "x" * 300),
    ],
)
def test_a_malformed_recipe_is_refused_with_a_hint(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.png").write_bytes(png_with_text(text))

    with pytest.raises(ProjectError, match="damaged") as caught:
        read_recipe(tmp_path / "a.png")
    assert caught.value.hint


def test_recipes_have_a_largest_length_in_bytes_on_both_ways(tmp_path: Path) -> None:
    # Two bytes each: too long in bytes, though not in letters.
    prompt = "ä" * (LARGEST_RECIPE_BYTES // 2)
    long = recipe(sampling={"prompt": prompt})
    (tmp_path / "a.png").write_bytes(png_with_text(long.model_dump_json()))

    with pytest.raises(ProjectError, match="too long"):
        read_recipe(tmp_path / "a.png")
    with pytest.raises(ProjectError, match="too long"):
        save_picture(PIXELS_HWC, tmp_path / "b.png", long)
    assert not (tmp_path / "b.png").exists()


def test_a_compressed_text_that_swells_is_refused(tmp_path: Path) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("genstudio", " " * 50_000_000, zip=True)
    Image.fromarray(PIXELS_HWC).save(tmp_path / "a.png", pnginfo=texts)

    with pytest.raises(GenStudioError):
        read_recipe(tmp_path / "a.png")


def test_a_picture_that_claims_to_be_huge_is_refused(tmp_path: Path) -> None:
    png = bytearray(saved_png())
    header = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + bytes(png[24:29])
    png[12:29] = header
    png[29:33] = PngImagePlugin._crc32(header).to_bytes(4, "big")
    (tmp_path / "a.png").write_bytes(png)

    with pytest.raises(DatasetError):
        read_recipe(tmp_path / "a.png")


def read_or_refuse(path: Path) -> Recipe | None:
    with contextlib.suppress(GenStudioError):
        return read_recipe(path)
    return None


fuzzed = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@fuzzed
@given(
    cut=st.integers(0, len(saved_png())),
    changes=st.lists(st.tuples(st.integers(0, len(saved_png()) - 1), st.integers(0, 255))),
)
def test_torn_and_altered_files_give_a_recipe_or_an_error_of_ours(
    tmp_path: Path, cut: int, changes: list[tuple[int, int]]
) -> None:
    png = bytearray(saved_png())
    for place, value in changes:
        png[place] = value
    (tmp_path / "a.png").write_bytes(png[:cut])

    assert read_or_refuse(tmp_path / "a.png") in (None, recipe())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@fuzzed
@given(name=st.sampled_from(sorted(Recipe.model_fields)), value=json_values)
def test_hostile_values_give_a_valid_recipe_or_an_error_of_ours(
    tmp_path: Path, name: str, value: object
) -> None:
    record = {**recipe().model_dump(mode="json"), name: value}
    (tmp_path / "a.png").write_bytes(png_with_text(json.dumps(record)))

    found = read_or_refuse(tmp_path / "a.png")

    assert found is None or found.model_copy(update={name: None}) == recipe().model_copy(
        update={name: None}
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such thing")
def test_a_pipe_with_a_pictures_name_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")

    with pytest.raises(DatasetError, match="cannot be read as a picture"):
        read_recipe(tmp_path / "a.png")


@pytest.mark.parametrize(
    "change",
    [
        {"created": "0001-01-01T00:00:00+23:59"}, {"created": "9999-12-31T23:59:59-23:59"},
        {"created": -1e18}, {"step": 2**63}, {"step": 10**400},
    ],
)  # fmt: skip
def test_a_recipe_whose_numbers_cannot_be_shown_is_damaged(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    record = {**recipe().model_dump(mode="json"), **change}
    (tmp_path / "a.png").write_bytes(png_with_text(json.dumps(record)))

    with pytest.raises(ProjectError, match="is damaged"):
        read_recipe(tmp_path / "a.png")
