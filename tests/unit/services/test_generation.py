"""Pictures from a trained run: the same seed, the same pixels, and a recipe that says how."""

import hashlib
import json
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tomli_w
import torch
from safetensors.torch import load_file, save

import genstudio
from genstudio.domain.errors import CheckpointError, DeviceError, SettingsError
from genstudio.domain.recipes import Recipe
from genstudio.domain.settings import Settings
from genstudio.engine import checkpoint as checkpoint_module
from genstudio.models.vae.residual import ResidualVAE
from genstudio.services.generation import Generated, generate
from genstudio.services.runs import Run


@pytest.fixture
def run(trained_run: Path) -> Run:
    return Run(trained_run)


@pytest.fixture
def own_run(trained_run: Path, tmp_path: Path) -> Run:
    """A copy that may be damaged."""
    project = tmp_path / "Meadow"
    shutil.copytree(trained_run.parents[1], project)
    return Run(project / "runs" / trained_run.name)


def made(run: Run, *seeds: int, **options: object) -> list[Generated]:
    return list(generate(run, seeds, **options))  # type: ignore[arg-type]


def test_each_seed_makes_a_picture_of_the_runs_size(run: Run) -> None:
    pictures = made(run, 3, 1, 2**63 - 1)

    assert [picture.recipe.seed for picture in pictures] == [3, 1, 2**63 - 1]
    for picture in pictures:
        assert (picture.image_HWC.dtype, picture.image_HWC.shape) == (np.uint8, (32, 32, 3))
    assert len({picture.image_HWC.tobytes() for picture in pictures}) == 3


def test_the_same_seed_makes_the_same_pixels_again_in_any_company(run: Run) -> None:
    (alone,) = made(run, 7)
    company = made(run, 5, 6, 7)

    np.testing.assert_array_equal(company[2].image_HWC, alone.image_HWC)


def test_what_older_recipes_name_is_drawn_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn_at_once: list[int] = []
    real = ResidualVAE.decode

    def noted(self: ResidualVAE, latents: torch.Tensor, settings: Settings) -> np.ndarray:
        drawn_at_once.append(len(latents))
        return real(self, latents, settings)

    monkeypatch.setattr(ResidualVAE, "decode", noted)
    alone = made(run, *range(5), batch=1)
    assert drawn_at_once == [1] * 5
    assert {picture.recipe.batch for picture in alone} == {1}
    drawn_at_once.clear()
    together = made(run, *range(20))
    assert drawn_at_once == [16, 16]  # The second is filled up.
    for one, other in zip(alone, together, strict=False):
        np.testing.assert_allclose(one.image_HWC.astype(int), other.image_HWC.astype(int), atol=2)


def test_a_device_that_is_not_there_is_refused(run: Run) -> None:
    with pytest.raises(DeviceError, match="not available"):
        made(run, 1, device="abacus")


def test_a_training_in_the_same_program_is_not_disturbed(run: Run) -> None:
    torch.manual_seed(5)
    state = torch.get_rng_state()
    made(run, 1)

    assert torch.equal(torch.get_rng_state(), state)


def test_the_recipe_is_all_that_is_needed_to_make_it_again(run: Run) -> None:
    (first,) = made(run, 4, sampling={"temperature": "0.5"})
    recipe = first.recipe

    assert recipe == Recipe(
        software=f"GenStudio {genstudio.__version__}",
        model_key="residual-vae",
        run=run.path.name,
        project="Meadow",
        step=4,
        weights_sha256=run.checkpoint("last").checksums["ema.safetensors"],
        seed=4,
        size=32,
        sampling={"temperature": 0.5, "kind": ""},
        created=recipe.created,
        batch=16,
    )
    (again,) = made(run, recipe.seed, checkpoint=str(recipe.step), sampling=recipe.sampling)
    np.testing.assert_array_equal(again.image_HWC, first.image_HWC)


def test_sampling_settings_change_the_picture(run: Run) -> None:
    calm, wild = (made(run, 4, sampling={"temperature": t})[0] for t in (0.0, 1.5))

    assert not np.array_equal(calm.image_HWC, wild.image_HWC)
    # Without any adventure all seeds are the typical picture.
    (other,) = made(run, 5, sampling={"temperature": 0.0})
    np.testing.assert_array_equal(other.image_HWC, calm.image_HWC)


@pytest.mark.parametrize(
    ("sampling", "hint"),
    [
        ({"temperature": 1.6}, "from 0 to 1.5"),
        ({"temperature": "warm"}, "from 0 to 1.5"),
        ({"truncation": 1.0}, "Known settings: temperature"),
    ],
)
def test_a_sampling_setting_that_is_not_allowed_is_refused(
    run: Run, sampling: dict[str, object], hint: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        made(run, 1, sampling=sampling)
    assert hint in caught.value.hint


@pytest.mark.parametrize("seed", [-1, 2**63, 10**30])
def test_a_seed_that_no_picture_can_have_is_refused(run: Run, seed: int) -> None:
    with pytest.raises(SettingsError, match="seed") as caught:
        made(run, seed)
    assert caught.value.hint


@pytest.mark.parametrize("checkpoint", ["3", "99"])
def test_a_checkpoint_that_is_not_there_is_refused(run: Run, checkpoint: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        made(run, 1, checkpoint=checkpoint)
    assert caught.value.hint == "Saved steps: 4."


def test_no_seeds_make_no_pictures(run: Run) -> None:
    assert made(run) == []


def test_weights_that_mean_something_else_now_are_refused(
    own_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = ResidualVAE.card.model_copy(update={"revision": ResidualVAE.card.revision + 1})
    monkeypatch.setattr(ResidualVAE, "card", newer)

    with pytest.raises(CheckpointError, match="does not fit this model") as caught:
        made(own_run, 1)
    assert "would paint other pictures" in caught.value.message


def test_weights_of_another_architecture_are_refused(own_run: Run) -> None:
    file = own_run.path / "run.toml"
    content = tomllib.loads(file.read_text())
    content["settings"]["model"]["latent_size"] = 16
    file.write_text(tomli_w.dumps(content))

    with pytest.raises(CheckpointError, match="does not fit this model"):
        made(Run(own_run.path), 1)


def test_a_damaged_checkpoint_is_refused_by_its_step_and_passed_over_as_the_last(
    own_run: Run,
) -> None:
    (own_run.store.folder / "4" / "ema.safetensors").write_bytes(b"torn")

    with pytest.raises(CheckpointError, match="is damaged"):
        made(own_run, 1, checkpoint="4")
    with pytest.raises(CheckpointError, match="no checkpoint yet"):
        made(own_run, 1, checkpoint="last")


def test_pictures_are_made_one_by_one_as_they_are_asked_for(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[str] = []
    real = checkpoint_module.Checkpoint.tensors
    monkeypatch.setattr(
        checkpoint_module.Checkpoint,
        "tensors",
        lambda self, name, _renamed: loads.append(name) or real(self, name),
    )
    endless = generate(run, iter(range(10**9)))

    assert [next(endless).recipe.seed for _ in range(3)] == [0, 1, 2]
    # The model is loaded once, and only what pictures are made from.
    assert loads == ["ema"]


def rewritten(run: Run, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """Change the first of the averaged weights, and the checksums with it, as an attacker would."""
    folder = run.checkpoint("last").path
    path = folder / "ema.safetensors"
    tensors = load_file(path)
    first = sorted(tensors)[0]
    tensors[first] = change(tensors[first]).contiguous()
    path.write_bytes(save(tensors))
    checksums = json.loads((folder / "checksums.json").read_text())
    checksums[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "checksums.json").write_text(json.dumps(checksums))


@pytest.mark.parametrize(
    "kind", [torch.float64, torch.bfloat16, torch.int32, torch.complex64, torch.float8_e4m3fn]
)
def test_weights_of_another_kind_of_number_do_not_fit(own_run: Run, kind: torch.dtype) -> None:
    rewritten(own_run, lambda weights: weights.to(kind))

    with pytest.raises(CheckpointError, match="does not fit this model") as caught:
        made(own_run, 1)
    assert str(kind) in caught.value.message


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_weights_that_are_no_numbers_make_no_pictures(own_run: Run, value: float) -> None:
    rewritten(own_run, lambda weights: torch.full_like(weights, value))

    with pytest.raises(CheckpointError, match="no numbers") as caught:
        made(own_run, 1)
    assert caught.value.hint
