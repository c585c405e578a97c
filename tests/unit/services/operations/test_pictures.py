"""Pictures of a person's own, as operations take them."""

from pathlib import Path

import pytest
from PIL import Image

from genstudio.domain.errors import DatasetError
from genstudio.services.operations.pictures import read_picture


def test_a_long_picture_is_refused_with_its_own_size(tmp_path: Path) -> None:
    path = tmp_path / "frieze.png"
    Image.linear_gradient("L").resize((2000, 20)).save(path)

    assert read_picture(path, for_what="painted").shape == (20, 2000, 3)
    with pytest.raises(DatasetError, match=r"2,000 × 20 pixels\. Made smaller") as caught:
        read_picture(path, for_what="painted", largest_side=96)
    assert "96 × 1" in caught.value.message
    assert caught.value.hint.startswith("Cut a piece")


def test_a_tiny_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dot.png"
    Image.new("RGB", (7, 30)).save(path)
    with pytest.raises(DatasetError, match="7 × 30 pixels, which is too small"):
        read_picture(path, for_what="painted")
