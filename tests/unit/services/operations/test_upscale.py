from pathlib import Path

import numpy as np
import pytest
import tiny_upscaler
from PIL import Image

from genstudio.domain.errors import ProjectError, SettingsError
from genstudio.domain.progress import Progress, drain
from genstudio.domain.settings import setting_fields
from genstudio.services import upscaling
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import save_made
from genstudio.services.operations.upscale import OPERATION, UpscaleSettings, enlarged
from genstudio.services.remaking import remake


def test_pixels_stay_what_they_are() -> None:
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 4), dtype=np.uint8)
    made = enlarged(image, UpscaleSettings(factor=3, method="pixels"))
    assert made.shape == (15, 21, 4)
    for row in range(3):
        np.testing.assert_array_equal(made[row::3, row::3], image)


def test_smooth_enlarging_keeps_the_light_and_hides_hidden_colours() -> None:
    ramp = np.tile(np.arange(0, 240, 8, dtype=np.uint8)[None, :, None], (20, 1, 3))
    made = enlarged(ramp, UpscaleSettings(factor=4))
    assert made.shape == (80, 120, 3)
    assert abs(made.mean() - ramp.mean()) < 0.5
    assert np.abs(np.diff(made[40, 8:-8, 0].astype(int))).max() <= 3

    cut_out = np.zeros((10, 10, 4), np.uint8)
    cut_out[:, :5] = (200, 100, 50, 255)
    cut_out[:, 5:] = (0, 255, 0, 0)  # Green that nobody sees.
    seen = enlarged(cut_out, UpscaleSettings(factor=2))
    visible = seen[..., 3] > 20
    assert np.abs(seen[visible][:, :3].astype(int) - (200, 100, 50)).max() < 40


def made_of(path: Path, **settings: object) -> Made:
    (made,) = [
        step
        for step in perform("upscale", inputs={"input": [path]}, settings=settings)
        if isinstance(step, Made)
    ]
    return made


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 210, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "upscaling"
    tiny_upscaler.install(folder)
    monkeypatch.setattr(upscaling, "own_folder", lambda: folder)
    return folder


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
def test_a_network_enlarges_by_every_factor(photo: Path, network: Path, factor: int) -> None:
    made = made_of(photo, method="network", factor=factor)
    assert made.artifact.data.shape == (30 * factor, 210 * factor, 3)
    smooth = made_of(photo, factor=factor).artifact.data
    assert not np.array_equal(made.artifact.data, smooth)


def test_what_a_network_made_says_so_and_can_be_made_again(
    photo: Path, network: Path, tmp_path: Path
) -> None:
    made = made_of(photo, method="network", factor=4)
    path = save_made(made, tmp_path / "out")

    assert made.recipe.synthetic
    assert made.recipe.weights_sha256 == upscaling.load("drawn, quick").sha256
    assert b"trainedAlgorithmicMedia" in path.read_bytes()
    done = drain(remake(path, inputs=[photo]))
    assert done.is_same
    assert done.recipe.sampling["network"] == "drawn, quick"

    tiny_upscaler.install(network, seed=9)
    with pytest.raises(ProjectError, match="another network"):
        drain(remake(path, inputs=[photo]))


def test_progress_goes_from_tile_to_tile_and_says_which_picture(photo: Path, network: Path) -> None:
    steps = list(
        perform("upscale", inputs={"input": [photo, photo]}, settings={"method": "network"})
    )
    told = [(it.what, it.done, it.total) for it in steps if isinstance(it, Progress)]
    assert told == [
        ("Making larger (1/2)", 1, 2),
        ("Making larger (1/2)", 2, 2),
        ("Making larger", 1, 2),
        ("Making larger (2/2)", 1, 2),
        ("Making larger (2/2)", 2, 2),
        ("Making larger", 2, 2),
    ]


def test_pictures_of_every_mode_come_out(photo: Path, network: Path, tmp_path: Path) -> None:
    with Image.open(photo) as image:
        for mode in ("L", "LA", "P", "RGBA", "1"):
            image.convert(mode).save(tmp_path / f"{mode}.png")
            made = made_of(tmp_path / f"{mode}.png", method="network").artifact.data
            assert made.shape[:2] == (60, 420)
            if mode in {"L", "1"}:
                assert (np.ptp(made, axis=2) == 0).all()


def test_the_form_says_how_to_get_networks_where_there_are_none(
    monkeypatch: pytest.MonkeyPatch, photo: Path
) -> None:
    monkeypatch.setattr(upscaling, "installed", list)
    help_text = {it.name: it.help for it in setting_fields(OPERATION.settings(None))}["method"]
    assert "No network is installed." in help_text
    assert "genstudio[upscaling]" in help_text
    monkeypatch.undo()
    monkeypatch.setattr(upscaling, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match="is not installed"):
        made_of(photo, method="network")
