"""Models as files for other programs draw what they draw here."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from tiny_studio import small_settings

from genstudio.domain.errors import SettingsError
from genstudio.domain.model_saving import SaveOptions
from genstudio.domain.progress import drain
from genstudio.engine.trainer import NoCommands
from genstudio.services import model_files
from genstudio.services.generation import generate
from genstudio.services.model_files import save_model
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run


@pytest.fixture(scope="module")
def gan(flowers: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    settings = small_settings("self-supervised-gan")
    project = tmp_path_factory.mktemp("gan") / "Meadow"
    *_, finished = start_run(
        NewRun(folder=flowers, project=project, settings=settings), NoCommands()
    )
    return Run(finished.run)


def saved(run: Run, out: Path, form: str, **options: str) -> model_files.SavedModel:
    return drain(save_model(run, out, SaveOptions(form=form, **options)))


def test_bare_weights_say_what_they_are(gan: Run, tmp_path: Path) -> None:
    path = saved(gan, tmp_path, "safetensors", title="Flowers", licence="CC0").path
    assert path == tmp_path / "Flowers.safetensors"
    weights = gan.checkpoint("last").tensors("ema")
    assert all(torch.equal(it, weights[name]) for name, it in load_file(path).items())
    with safe_open(path, "pt") as file:
        about = file.metadata()
    assert about["genstudio.model"] == "self-supervised-gan"
    assert about["genstudio.licence"] == "CC0"
    assert str(gan.path) not in str(about)


def test_onnx_draws_the_same_whatever_the_company(gan: Run, tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    done = saved(gan, tmp_path / "flowers.onnx", "onnx")
    assert done.difference is not None
    assert done.difference < 1e-4
    (beside,) = done.beside
    latents = np.load(beside, allow_pickle=False)
    session = runtime.InferenceSession(str(done.path), providers=["CPUExecutionProvider"])
    (drawn,) = session.run(None, {"latents": latents[:5]})
    for made, picture_CHW in zip(generate(gan, range(5)), drawn, strict=True):
        pixels = np.rint((picture_CHW.transpose(1, 2, 0) + 1) * 127.5)
        assert np.abs(pixels - made.image_HWC).max() <= 1
    assert str(Path(model_files.__file__).parents[1]).encode() not in done.path.read_bytes()


def test_without_the_pack_it_says_what_is_missing(
    gan: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_files, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match="pack “onnx”"):
        saved(gan, tmp_path, "onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_card_shows_what_it_makes_and_what_it_is_not_for(gan: Run, tmp_path: Path) -> None:
    page = saved(gan, tmp_path, "card", author="A & B", statement="Flowers at dusk")
    text = page.path.read_text("utf-8")
    assert "data:image/png;base64," in text
    assert "A &amp; B" in text
    assert "Flowers at dusk" in text
    assert "not for diagnosis" in text
    assert gan.checkpoint("last").checksums["ema.safetensors"] in text
    assert "http://" not in text.replace("http://www.w3.org", "")


def test_nothing_is_overwritten(gan: Run, tmp_path: Path) -> None:
    first = saved(gan, tmp_path, "card").path
    before = first.read_bytes()
    second = saved(gan, tmp_path, "card", title=first.stem).path
    assert second != first
    assert first.read_bytes() == before


def test_nothing_goes_into_the_pictures_that_were_learned_from(gan: Run) -> None:
    manifest = gan.project().load_manifest(gan.file.dataset)
    with pytest.raises(Exception, match="Nothing is written into the pictures"):
        saved(gan, manifest.folder, "card")
