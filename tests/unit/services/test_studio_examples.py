from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genstudio.data.modalities.catalog import MODALITIES
from genstudio.domain.datasets import PictureInfo
from genstudio.services.studio_examples import example_thumbnail


def example(name: str, words: str) -> PictureInfo:
    return PictureInfo(name=name, content_hash="0" * 32, words=words)


@pytest.mark.parametrize(
    ("material", "name", "words"),
    [("molecules", "some.smi#3", "CCO"), ("texts", "novel.TXT#1", "It rained.")],
)
def test_parts_of_files_are_drawn_before_the_report_says_of_what_material_they_are(
    tmp_path: Path, material: str, name: str, words: str
) -> None:
    pytest.importorskip("rdkit")
    info = example(name, words)
    drawn = MODALITIES.get(material).draw(info, 64)  # type: ignore[union-attr]
    assert drawn.min() < drawn.max()
    for known in ("", material):
        np.testing.assert_array_equal(example_thumbnail(tmp_path / name, 64, known, info), drawn)


def test_a_picture_whose_name_has_a_number_sign_is_its_file(tmp_path: Path) -> None:
    path = tmp_path / "red#1.png"
    Image.new("RGB", (32, 32), "red").save(path)
    for info in (None, example(path.name, "")):
        drawn = example_thumbnail(path, 16, "", info)
        assert drawn[..., 0].min() == 255
        assert drawn[..., 1].max() == 0
