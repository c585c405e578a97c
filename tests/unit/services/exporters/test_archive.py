"""One ZIP file holds every picture as it is, and what a person said of each."""

import json
import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hung_pictures import hung

from genstudio.artifacts.image import read_recipe
from genstudio.domain.errors import ProjectError
from genstudio.domain.progress import drain
from genstudio.services.export import export_gallery


def test_files_come_out_as_they_are_with_ratings_and_tags(tmp_path: Path) -> None:
    items = hung(tmp_path / "Meadow" / "gallery", 3)
    items[1] = items[1]._replace(rating=4, tags=("blue", "grün"))
    done = drain(export_gallery(items, to=tmp_path / "all.zip", kind="zip", title="Wiese"))

    with zipfile.ZipFile(done.path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names == ["Wiese/0.png", "Wiese/1.png", "Wiese/2.png", "Wiese/gallery.json"]
        listed = json.loads(archive.read("Wiese/gallery.json"))
        archive.extractall(tmp_path / "there")
    assert listed[1] == {"file": "1.png", "rating": 4, "tags": ["blue", "grün"]}
    assert (tmp_path / "there/Wiese/2.png").read_bytes() == items[2].path.read_bytes()
    assert read_recipe(tmp_path / "there/Wiese/2.png") is not None


def test_the_same_pictures_make_the_same_file(tmp_path: Path) -> None:
    items = hung(tmp_path / "Meadow" / "gallery", 2)
    first, second = (
        drain(export_gallery(items, to=tmp_path / name, kind="zip", title="Wiese")).path
        for name in ("a.zip", "b.zip")
    )
    assert first.read_bytes() == second.read_bytes()


def test_a_cancelled_or_hopeless_one_leaves_nothing(tmp_path: Path) -> None:
    items = hung(tmp_path / "Meadow" / "gallery", 3)
    out = tmp_path / "out"
    with closing(export_gallery(items, to=out / "all.zip", kind="zip", title="")) as work:
        next(work)
    for item in items:
        item.path.write_bytes(np.zeros(0, np.uint8).tobytes())
        item.path.unlink()
    with pytest.raises(ProjectError, match="None of these"):
        drain(export_gallery(items, to=out / "all.zip", kind="zip", title=""))
    assert [path for path in out.rglob("*") if path.is_file()] == []
