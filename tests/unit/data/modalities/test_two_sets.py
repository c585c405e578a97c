"""Two folders whose pictures do not belong together one by one."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genstudio.data.cache import PictureCache, build_cache
from genstudio.data.modalities.catalog import MODALITIES, recognise
from genstudio.data.scan import scan_folder
from genstudio.domain.datasets import Manifest, ScanReport
from genstudio.domain.progress import drain

TWO_SETS = MODALITIES.get("two-sets")


def filled(folder: Path, **counts: int) -> ScanReport:
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = np.random.default_rng(number + 1000 * len(name)).integers(0, 256, (40, 40, 3))
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{name}{number}.png")
    report = drain(scan_folder(folder))
    assert isinstance(report, ScanReport)
    return report


def test_folders_called_a_and_b_are_two_sets(tmp_path: Path) -> None:
    found = recognise(filled(tmp_path, trainA=5, trainB=7))

    assert next(iter(found)) == "two-sets"
    assert found["two-sets"].num_examples == 5
    assert "5 of “trainA” → 7 of “trainB”" in found["two-sets"].remarks[0].title
    assert "holds only 5" in found["two-sets"].remarks[1].title


def test_other_names_may_be_classes_and_can_be_chosen_as_two_sets(tmp_path: Path) -> None:
    found = list(recognise(filled(tmp_path, horses=4, zebras=4)))
    assert found == ["images", "two-sets", "captions"]


def test_a_set_that_is_nearly_empty_is_told_with_its_name(tmp_path: Path) -> None:
    arrangement = TWO_SETS.arrange(filled(tmp_path, A=1, B=5))

    assert arrangement.fault == "“A” holds 1 picture."
    assert "dozens" in arrangement.hint


def test_one_picture_can_show_a_style(tmp_path: Path) -> None:
    report = filled(tmp_path, photos=5, style=1)
    assert next(iter(recognise(report))) == "two-sets"
    arrangement = TWO_SETS.arrange(report)
    assert not arrangement.fault
    assert "holds only 1" in arrangement.remarks[-1].title


@pytest.mark.parametrize("folders", [{}, {"one": 3}, {"one": 3, "two": 3, "three": 3}])
def test_other_numbers_of_folders_are_no_two_sets(tmp_path: Path, folders: dict[str, int]) -> None:
    report = filled(tmp_path, **(folders or {"only": 3}))
    assert "not just two" in TWO_SETS.arrange(report).fault


def test_each_set_is_a_group_of_its_own(tmp_path: Path) -> None:
    report = filled(tmp_path / "sets", A=4, B=6)
    manifest = Manifest(
        folder=report.folder,
        pictures=tuple((p.name, p.content_hash) for p in report.pictures),
        decoding=5,
    )
    cache = drain(build_cache(manifest, size=32, cache_dir=tmp_path / "cache"))
    assert isinstance(cache, PictureCache)
    data = TWO_SETS.dataset(manifest, cache, ["A/A1.png", "B/B0.png", "B/B5.png"], {})

    assert data.groups == ("input", "target")
    assert (data.count("input"), data.count("target")) == (4, 6)
    assert data.held_out_of("input").tolist() == [1]
    assert data.learned_from("target").tolist() == [1, 2, 3, 4]
    assert data.num_learned_from == 4
    row = cache.names.index("B/B2.png")
    np.testing.assert_array_equal(
        data.fields["target"].take(np.array([2]))[0], cache.images_NHWC[row]
    )
