"""A project of the first format opens, goes on and makes what it made: nothing bends."""

from pathlib import Path
from typing import Any

import numpy as np
import old_project
import pytest
import torch
from safetensors.torch import save_file
from tiny_studio import of_kind, steps

from genstudio.data.modalities.catalog import MODALITIES
from genstudio.domain import events
from genstudio.domain.fields import DataSpec
from genstudio.domain.settings import parse_settings, setting_fields
from genstudio.engine.checkpoint import Checkpoint, CheckpointState
from genstudio.engine.coach import CoachMemory
from genstudio.engine.model_pair import ModelPair
from genstudio.engine.trainer import NoCommands
from genstudio.models.catalog import model_class, model_keys
from genstudio.services import presets
from genstudio.services.gallery import Gallery
from genstudio.services.generation import generate
from genstudio.services.projects import open_project
from genstudio.services.runs import Run
from genstudio.services.training import resume_run


@pytest.fixture
def small_spec() -> DataSpec:
    return DataSpec(size=64, classes={"rose": 2, "tulip": 2})


@pytest.fixture
def old(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    return tmp_path / "Meadow", old_project.unpack(tmp_path)


def test_runs_and_gallery_are_there(old: tuple[Path, dict[str, Any]]) -> None:
    path, figures = old
    project = open_project(path)
    assert [run.name for run in project.run_folders()] == list(figures)
    for folder in project.run_folders():
        summary = Run(folder).summary()
        assert (summary.step, summary.settings.modality) == (3, "images")
        assert summary.previews
    with Gallery(project) as gallery:
        gallery.sync()
        items = gallery.items()
        assert len(items) == 4
        assert {item.recipe.operation for item in items} == {"generate"}


def test_the_same_weights_and_seeds_make_the_same_pixels(old: tuple[Path, dict[str, Any]]) -> None:
    path, figures = old
    for name, known in figures.items():
        for made, means in zip(generate(Run(path / "runs" / name), [0, 1]), known["pixels"],
                               strict=True):  # fmt: skip
            found = made.image_HWC.reshape(4, 8, 4, 8, 3).mean((1, 3))
            # Processors round otherwise.
            np.testing.assert_allclose(found, means, atol=0.5)


@pytest.mark.usefixtures("small_sheets")
def test_it_goes_on_with_the_same_losses(
    old: tuple[Path, dict[str, Any]],
) -> None:
    path, figures = old
    for name, known in figures.items():
        told = list(resume_run(path / "runs" / name, NoCommands(), budget=steps(5)))
        assert isinstance(told[-1], events.Finished), told[-1]
        losses = of_kind(events.StepDone, told)[-1].losses
        assert losses.keys() == known["losses"].keys()
        for loss, value in known["losses"].items():
            assert losses[loss] == pytest.approx(value, rel=1e-3), f"{name}: {loss}"


# What settings were called before, by architecture.
FORMERLY = {
    "self-supervised-gan": {"redraw": "reconstruction_weight", "calm_every": "r1_interval"},
    "residual-vae": {"sharpen": "adversarial_weight"},
    "token-flow": {"looks": "noise_samples", "redraw_every": "autoencoder_interval"},
    "paired-translation": {"closeness": "l1_weight"},
    "unpaired-translation": {"contrast": "nce_weight", "keep_light": "luminance_weight"},
}
RENAMED = [
    (key, former, current) for key, names in FORMERLY.items() for former, current in names.items()
]


def test_every_former_name_is_remembered() -> None:
    found = {
        key: {
            field.hints.formerly: field.name
            for field in setting_fields(model_class(key).Config)
            if field.hints.formerly
        }
        for key in model_keys()
    }
    assert {key: names for key, names in found.items() if names} == FORMERLY


@pytest.mark.parametrize(("key", "former", "current"), RENAMED)
def test_a_preset_and_a_flag_may_use_the_former_name_of_a_setting(
    key: str, former: str, current: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = presets.Preset(key="old", title="Old", summary="", model={key: {former: "3"}})
    monkeypatch.setattr(presets, "presets", lambda: (old,))
    config = model_class(key).Config

    def resolved(**chosen: str) -> object:
        settings = presets.resolve_settings(preset="old", model_key=key, model=chosen)
        return getattr(parse_settings(config, settings.model), current)

    assert resolved() == 3
    assert resolved(**{current: "2"}) == resolved(**{former: "2"}) == 2
    assert parse_settings(config, parse_settings(config, {former: "3"}).model_dump()) == (
        parse_settings(config, {current: 3})
    )


# Tensors as files have them, and as the models have them now: of weights, then of optimizers.
OLD_TENSORS = {
    "self-supervised-gan": [
        ("discriminator.verdict.weight", "discriminator.logits.weight"),
        ("discriminator.kinds.weight", "discriminator.class_projection.weight"),
        ("generator.blocks.2.steer.bias", "generator.blocks.2.modulation.bias"),
        ("discriminator/3/exp_avg", "discriminator/3/exp_avg"),
    ],
    "residual-vae": [
        ("critic.verdict.weight", "discriminator.logits.weight"),
        ("critic.blocks.0.conv1.bias", "discriminator.blocks.0.conv1.bias"),
        ("prior.kinds", "prior.class_counts"),
        ("critic/3/exp_avg", "discriminator/3/exp_avg"),
    ],
    "token-flow": [
        ("flow.kind.weight", "flow.class_embedding.weight"),
        ("flow.steer.weight", "flow.modulation.weight"),
        ("flow.blocks.5.steer.bias", "flow.blocks.5.modulation.bias"),
    ],
    "paired-translation": [("discriminator.verdict.bias", "discriminator.logits.bias")],
    "unpaired-translation": [("discriminator.verdict.bias", "discriminator.logits.bias")],
}


@pytest.mark.parametrize("key", OLD_TENSORS)
def test_tensors_are_read_by_their_former_names(key: str, tmp_path: Path) -> None:
    former, current = zip(*OLD_TENSORS[key], strict=True)
    for names in (former, current):
        save_file(
            {name: torch.full((1,), number) for number, name in enumerate(names)},
            tmp_path / "ema.safetensors",
        )
        state = CheckpointState(model_key=key, step=1, images_seen=1, seconds=1)
        checkpoint = Checkpoint(path=tmp_path, state=state, checksums={"ema.safetensors": ""})
        found = checkpoint.tensors("ema", model_class(key).card.renamed_tensors)
        assert {name: tensor.item() for name, tensor in found.items()} == {
            name: number for number, name in enumerate(current)
        }


@pytest.mark.parametrize("key", [it for it in model_keys() if model_class(it).card.added_tensors])
def test_tensors_that_came_later_are_what_they_were_before(key: str, tmp_path: Path) -> None:
    card = model_class(key).card
    saved = {"a": torch.zeros(2), card.added_tensors[0][0]: torch.tensor(3.0)}
    for tensors in ({"a": torch.zeros(2)}, saved):
        save_file(tensors, tmp_path / "ema.safetensors")
        state = CheckpointState(model_key=key, step=1, images_seen=1, seconds=1)
        found = Checkpoint(path=tmp_path, state=state, checksums={"ema.safetensors": ""}).weights(
            "ema", card
        )
        expected = dict(card.added_tensors) | {
            name: it.item() for name, it in tensors.items() if name != "a"
        }
        assert {name: it.item() for name, it in found.items() if name != "a"} == expected


def test_a_model_has_the_current_names(small_spec: DataSpec) -> None:
    for key, pairs in OLD_TENSORS.items():
        chosen = model_class(key)
        if chosen.card.modalities[0] != "images":
            continue
        values = {"width": 32}
        with torch.device("meta"):
            model = chosen(parse_settings(chosen.Config, values), small_spec)
        names = model.network.state_dict().keys()
        assert {name for _, name in pairs if "/" not in name} <= names


def test_what_a_coach_remembered_is_read_by_its_former_name() -> None:
    seen = {"step": 5, "epochs": 1.5, "num_made": 4, "figures": {"KID": 3.0}}
    memory = CoachMemory.model_validate({"looks": [seen], "troubles": []})
    assert memory.observations[0].step == 5
    assert CoachMemory.model_validate(memory.model_dump(mode="json")) == memory


def test_a_live_change_in_a_checkpoint_may_have_the_former_name() -> None:
    chosen = model_class("unpaired-translation")
    spec = MODALITIES.get("two-sets").spec(32, 3, {})
    pair = ModelPair(lambda: chosen(chosen.Config(width=16, blocks=2), spec), 10.0)
    states = pair.state_dicts()
    pair.load(states["weights"], states["ema"], {"contrast": 4.0})
    assert pair.model.config.model_dump()["nce_weight"] == 4.0
    assert pair.changes == {"nce_weight": 4.0}
