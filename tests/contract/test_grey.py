"""Grey pictures are learned, made and saved with one channel, whatever learns from pictures."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_studio
from PIL import Image
from safetensors.numpy import load_file
from tiny_studio import (
    Script,
    dataset_for,
    flowers_NHWC,
    folder_for,
    save_pictures,
    small_settings,
    steps,
)

from genstudio.data.squares import decode_picture
from genstudio.domain import events
from genstudio.domain.cards import SCORE
from genstudio.domain.events import Event
from genstudio.domain.modalities import CAPTIONS, IMAGES, PAIRED_MATERIALS, PAIRS, TWO_SETS
from genstudio.domain.operations import DETECT
from genstudio.domain.progress import drain
from genstudio.engine.quality import quality_meter
from genstudio.models.catalog import model_class, model_keys
from genstudio.services.evaluation import evaluate
from genstudio.services.export import export_gallery
from genstudio.services.first_pictures import hang_first_pictures
from genstudio.services.gallery import Gallery
from genstudio.services.generation import load_model
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import ResultFolder
from genstudio.services.remaking import remake
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, resume_run, start_run

SMALL = {
    "flow_width": 128, "depth": 1, "noise_samples": 1, "width": 32, "latent_size": 8,
    "warmup_kimg": 0.004,
}  # fmt: skip
# Frozen weights of a person's own draw in colour.
_IN_COLOUR = {"stable-diffusion-lora"}


def _learns_pictures(key: str) -> bool:
    learned = set(model_class(key).card.modalities)
    # Pictures that are learned together with sounds or music are always in colour.
    return bool(learned & {IMAGES, PAIRS, TWO_SETS, CAPTIONS}) and PAIRED_MATERIALS not in learned


pytestmark = pytest.mark.usefixtures("small_sheets")
KEYS = [key for key in model_keys() if _learns_pictures(key)]


@pytest.fixture(scope="module")
def grey_flowers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = save_pictures(tmp_path_factory.mktemp("grey") / "flowers", flowers_NHWC(20))
    for path in folder.iterdir():
        with Image.open(path) as picture:
            picture.convert("L").save(path)
    return folder


def settings_for(key: str, **changes: Any) -> Any:
    fields = model_class(key).Config.model_fields
    model = {name: value for name, value in SMALL.items() if name in fields}
    return small_settings(key, model=model | tiny_studio.base_for(fields), **changes)


def trained(folder: Path, project: Path, settings: Any) -> Path:
    return _run_of(list(start_run(NewRun(folder=folder, project=project, settings=settings),
                                  Script())))  # fmt: skip


def _run_of(told: list[Event]) -> Path:
    ending = told[-1]
    assert isinstance(ending, events.Finished), ending
    assert ending.run is not None
    losses = [it for step in told if isinstance(step, events.StepDone)
              for it in step.losses.values()]  # fmt: skip
    assert losses
    assert all(map(math.isfinite, losses))
    return ending.run


def weights_of(run: Path, step: int) -> dict[str, np.ndarray]:
    return load_file(run / "checkpoints" / str(step) / "ema.safetensors")


def made_of(run: Path, pictures: Path, to: Path) -> list[Path]:
    """What the model's first task makes, as files."""
    task = model_class(Run(run).settings.model_key).tasks[0]
    inputs = {"input": sorted(pictures.glob("*.png"))[:2]}
    work = perform(
        task.key, run=run, inputs={} if task.is_seeded else inputs, count=2, checkpoint="last"
    )
    folder = ResultFolder(to)
    return [folder.save(step) for step in work if isinstance(step, Made)]


def _figures_of(run: Path, pictures: Path) -> dict[str, float]:
    """What the engine measures while such a run goes on."""
    opened = Run(run)
    model = load_model(opened, opened.checkpoint("last"))
    images = np.stack([decode_picture(it, size=32, channels=1) for it in pictures.glob("*.png")])
    meter = quality_meter(model, dataset_for(model.card.key, images), 0)
    if meter is None:
        return {}
    return meter.measure(model, lambda: False, examined=model)


@pytest.mark.parametrize("key", KEYS)
def test_a_grey_set_is_learned_and_made_with_one_channel(
    key: str, grey_flowers: Path, tmp_path: Path
) -> None:
    folder = folder_for(key, grey_flowers, tmp_path / "set")
    settings = settings_for(key, colours="grey", budget=steps(2))
    run = trained(folder, tmp_path / "P", settings)

    assert Run(run).data.channels == 1
    if key not in _IN_COLOUR | {"repair-autoencoder"}:
        assert _figures_of(run, grey_flowers)
    made = made_of(run, grey_flowers, tmp_path / "out")
    assert len(made) == 2
    for path in made:
        with Image.open(path) as picture:
            # A heat map has colours of its own.
            has_colours = key in _IN_COLOUR or SCORE in model_class(key).card.capabilities
            is_heat = has_colours and model_class(key).tasks[0].key == DETECT
            assert picture.mode == ("RGB" if key in _IN_COLOUR or is_heat else "L")
    # A preview is drawn for the eye.
    with Image.open(next((run / "previews").glob("*.png"))) as sheet:
        assert sheet.mode == "RGB"


@pytest.mark.parametrize(
    "key", ["self-supervised-gan", "residual-vae", "token-flow", "repair-autoencoder"]
)
def test_a_grey_run_goes_on_bit_for_bit(key: str, grey_flowers: Path, tmp_path: Path) -> None:
    folder = folder_for(key, grey_flowers, tmp_path / "set")
    whole = trained(folder, tmp_path / "P", settings_for(key, colours="grey", budget=steps(4)))
    half = trained(folder, tmp_path / "Q", settings_for(key, colours="grey", budget=steps(2)))
    half = _run_of(list(resume_run(half, Script(), budget=steps(4))))

    one, other = weights_of(whole, 4), weights_of(half, 4)
    assert one.keys() == other.keys()
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], err_msg=name)


def test_a_run_from_before_there_was_grey_goes_on_in_colour(
    grey_flowers: Path, tmp_path: Path
) -> None:
    run = trained(grey_flowers, tmp_path / "P", settings_for("residual-vae", budget=steps(2)))
    file = run / "run.toml"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not line.startswith("colours")))

    assert Run(run).data.channels == 3
    run = _run_of(list(resume_run(run, Script(), budget=steps(4))))
    for path in made_of(run, grey_flowers, tmp_path / "out"):
        with Image.open(path) as picture:
            assert picture.mode == "RGB"


def test_what_is_made_stays_grey_in_gallery_and_exports(grey_flowers: Path, tmp_path: Path) -> None:
    settings = settings_for("residual-vae", colours="grey", budget=steps(2))
    run = trained(grey_flowers, tmp_path / "P", settings)
    drain(hang_first_pictures(run))
    with Gallery(Run(run).project()) as gallery:
        items = list(gallery.items())[:4]
        for kind in ("folder", "zip", "web", "sheet", "game"):
            to = tmp_path / (f"{kind}.zip" if kind == "zip" else f"{kind}.png")
            drain(export_gallery(items, to=to, kind=kind, title="Grey"))
    with Image.open(items[0].path) as picture:
        assert picture.mode == "L"
    assert drain(remake(items[0].path)).is_same
    for path in [*tmp_path.glob("folder.png/*.png"), *tmp_path.glob("web.png/images/*.png")]:
        with Image.open(path) as picture:
            assert picture.mode == "L", path


def test_grey_runs_are_judged_like_others(grey_flowers: Path, tmp_path: Path) -> None:
    pictures = save_pictures(tmp_path / "many", flowers_NHWC(48))
    settings = settings_for("residual-vae", colours="grey", budget=steps(2), held_out=0.0)
    run = trained(pictures, tmp_path / "P", settings)

    found = drain(evaluate(run, count=16, checkpoint="last"))
    assert found.report.copying is not None
    assert {pair.training_HWC.shape[-1] for pair in found.pairs} <= {1, 3}
