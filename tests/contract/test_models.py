"""What every architecture of the catalogue keeps to; a new one is tested before anyone asks."""

import filecmp
import itertools
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import killed_often
import numpy as np
import pytest
import tiny_studio
import tomli_w
import torch
from tiny_studio import (
    NEVER_S,
    Script,
    dataset_for,
    folder_for,
    of_kind,
    rows_for,
    small_settings,
    stepper_for,
    steps,
    train_to_end,
    words_for,
)  # fmt: skip
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.artifacts.protocol import Drawn
from genstudio.data.modalities.catalog import MODALITIES
from genstudio.domain import commands, events, metric_names
from genstudio.domain.cards import (
    BLEND,
    CROSS,
    ENCODE,
    HAS_LORA,
    INTERPOLATE,
    INVERT,
    KINDS,
    RECONSTRUCT,
    SCORE,
    TEACH,
    TRANSLATE,
    WRITE,
    ZONES,
)
from genstudio.domain.errors import SettingsError
from genstudio.domain.fields import IMAGE
from genstudio.domain.settings import Settings, parse_settings, setting_fields
from genstudio.domain.training import SIZES, TrainingSettings
from genstudio.engine.batches import as_learned
from genstudio.engine.checkpoint import CheckpointStore
from genstudio.engine.job import TrainingJob
from genstudio.engine.phases import freeze_except, make_optimizer
from genstudio.engine.stepper import Stepper
from genstudio.engine.threads import profile_step
from genstudio.models.capabilities import (
    Blends,
    Crosses,
    Drafts,
    Encodes,
    HasLora,
    Interpolates,
    Inverts,
    Reconstructs,
    Scores,
    Writes,
    Zoned,
)
from genstudio.models.catalog import model_class, model_keys
from genstudio.models.protocol import (
    Artifact,
    Batch,
    CudaGraphable,
    DataSpec,
    HasDiagnostics,
    Losses,
    Phase,
    Request,
    TrainableModel,
)
from genstudio.models.teachable import DrawsWithGradients, WeighsTexts
from genstudio.services.training import NewRun, start_run

SIDE = 32
# What makes a model small, whatever it calls the rest.
SMALL = {
    "flow_width": 128,
    "depth": 1,
    "noise_samples": 1,
    "width": 32,
    "latent_size": 8,
    "warmup_kimg": 0.004,  # A discriminator is heard from the third step of four pictures on.
}

pytestmark = pytest.mark.parametrize("key", model_keys())


def small_config(key: str) -> dict[str, Any]:
    fields = model_class(key).Config.model_fields
    small = {name: value for name, value in SMALL.items() if name in fields}
    return small | tiny_studio.base_for(fields)


def build(key: str, size: int = SIDE, seed: int = 0) -> TrainableModel:
    chosen = model_class(key)
    torch.manual_seed(seed)
    return chosen(parse_settings(chosen.Config, small_config(key)), spec_of(key, size))


def spec_of(key: str, size: int = SIDE, kinds: Mapping[str, int] | None = None) -> DataSpec:
    """What the architecture's first modality gives it."""
    modality = MODALITIES.get(model_class(key).card.modalities[0])
    return modality.spec(size, 3, kinds or {}, words_for(key))


def batch_of(model: TrainableModel, images_NCHW: torch.Tensor, images_seen: int = 0) -> Batch:
    """Each field of pictures holds the same ones, turned in another way."""
    specs = spec_of(model.card.key).fields
    fields = {
        name: images_NCHW.rot90(at, (2, 3))
        if own.type == IMAGE
        else as_learned(torch.from_numpy(rows_for(own, len(images_NCHW))), own.type).to(
            images_NCHW.device
        )
        for at, (name, own) in enumerate(specs.items())
    }
    return Batch(fields=fields, images_seen=images_seen)


def request_for(
    model: TrainableModel, seeds: Sequence[int], settings: Settings | None = None, size: int = SIDE
) -> Request:
    """What the first task is asked for: seeds, or for each of them a picture of its own."""
    task = model.tasks[0]
    settings = settings or task.settings()
    if task.is_seeded:
        return Request(seeds=seeds, settings=settings)
    pictures = [
        np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8) for seed in seeds
    ]
    return Request(settings=settings, inputs={given.name: pictures for given in task.inputs})


def sampled(model: TrainableModel, seeds: Sequence[int], size: int = SIDE) -> list[Artifact]:
    task = model.tasks[0]
    # What takes long is drawn in as few steps as it goes.
    settings = task.settings(steps=1) if model.card.draws_slowly else None
    return list(model.run(task.key, request_for(model, seeds, settings, size=size)))


def assert_is_whole(artifact: Artifact, size: int = SIDE) -> None:
    """A picture of that size, or something of another kind that can be shown."""
    if artifact.kind == "image":
        assert (artifact.data.dtype, artifact.data.shape) == (np.uint8, (size, size, 3))
        return
    kind = ARTIFACTS.get(artifact.kind)
    assert isinstance(kind, Drawn)
    assert kind.draw(artifact, 48).shape == (48, 48, 3)
    assert kind.words(artifact)


def is_same(one: Artifact, other: Artifact) -> bool:
    return ARTIFACTS.get(one.kind).is_same(one, other)


def learn(model: TrainableModel, images_NCHW: torch.Tensor, num_steps: int) -> list[Losses]:
    """Train as the engine does, in little."""
    phases = list(model.phases())
    optimizers = {phase.name: make_optimizer(phase) for phase in phases}
    told = []
    for step in range(num_steps):
        torch.manual_seed(step)
        batch = batch_of(model, images_NCHW, step * len(images_NCHW))
        for phase in phases:
            if step % phase.every == 0:
                freeze_except(phase.parameters, model.network)
                losses = model.losses(phase.name, batch, step)
                losses.total.backward()
                optimizers[phase.name].step()
                optimizers[phase.name].zero_grad()
                told.append(losses)
    return told


@pytest.fixture
def images_NCHW(pictures_NHWC: np.ndarray) -> torch.Tensor:
    pixels = torch.from_numpy(pictures_NHWC[:4].copy()).permute(0, 3, 1, 2)
    return pixels.float().div(127.5).sub(1)


class Begun(TorchDispatchMode):
    """Notes operations with their plain numbers, and which of them a graphics card would not do."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: list[str] = []
        self.waited_for: list[str] = []

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: object,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        given = tree_leaves((args, kwargs))
        told = [str(tuple(it.shape)) if isinstance(it, torch.Tensor) else str(it) for it in given]
        self.operations.append(f"{func}: {', '.join(told)}")
        tensors = [it for it in [*given, *tree_leaves(result)] if isinstance(it, torch.Tensor)]
        if any(tensor.device.type == "cpu" for tensor in tensors):
            self.waited_for.append(self.operations[-1])
        return result


def begun(model: TrainableModel, phase: Phase, batch: Batch, step: int) -> Begun:
    """What a phase's turn begins, forward and backward."""
    freeze_except(phase.parameters, model.network)
    with Begun() as noted:
        model.losses(phase.name, batch, step).total.backward()
    model.network.zero_grad()
    return noted


def settings_classes(key: str) -> list[type[Settings]]:
    chosen = model_class(key)
    return [chosen.Config, *(task.settings for task in chosen.tasks)]


# What a person is told


def test_its_card_says_what_a_person_needs_to_choose(key: str) -> None:
    card = model_class(key).card

    assert card.key == key
    assert key == key.lower()
    assert " " not in key
    assert all([card.title, card.family, card.modalities, card.output, card.cost, card.needs])
    assert card.summary.endswith(".")
    assert "arXiv:" in card.paper or "doi" in card.paper.lower()
    assert type(card).model_validate_json(card.model_dump_json()) == card


def test_every_setting_has_a_title_a_help_and_a_default_that_is_allowed(key: str) -> None:
    for settings_class in settings_classes(key):
        assert parse_settings(settings_class, {}) == settings_class()
        for field in setting_fields(settings_class):
            assert field.title != field.name.replace("_", " "), f"{field.name} has no title"
            assert field.help.endswith("."), f"{field.name} has no help"
            assert field.default is not None


def test_its_settings_come_back_from_a_runs_file_and_from_the_command_line(key: str) -> None:
    for settings_class in settings_classes(key):
        values = settings_class().model_dump(mode="json")

        assert parse_settings(settings_class, tomllib.loads(tomli_w.dumps(values))) == (
            settings_class()
        )
        words = {name: str(value) for name, value in values.items()}
        assert parse_settings(settings_class, words) == settings_class()
        with pytest.raises(SettingsError, match="Known settings"):
            parse_settings(settings_class, {"no_such_setting": 1})


def test_what_its_card_promises_is_what_it_can_do(key: str) -> None:
    model, capabilities = build(key), model_class(key).card.capabilities

    assert model.config == parse_settings(model.Config, small_config(key))
    assert (INTERPOLATE in capabilities) == isinstance(model, Interpolates)
    assert (RECONSTRUCT in capabilities) == isinstance(model, Reconstructs)
    assert (ENCODE in capabilities) == isinstance(model, Encodes)
    assert (ZONES in capabilities) == isinstance(model, Zoned)
    assert (INVERT in capabilities) == isinstance(model, Inverts)
    assert (SCORE in capabilities) == isinstance(model, Scores)
    assert (HAS_LORA in capabilities) == isinstance(model, HasLora)
    assert (BLEND in capabilities) == isinstance(model, Blends)
    assert (CROSS in capabilities) == isinstance(model, Crosses)
    assert (WRITE in capabilities) == isinstance(model, Writes)
    can_be_taught = isinstance(model, (DrawsWithGradients, WeighsTexts))
    assert (TEACH in capabilities) == can_be_taught
    keys = [task.key for task in model.tasks]
    assert len(set(keys)) == len(keys)
    assert (TRANSLATE in capabilities) == ("translate" in keys)
    for task in model.tasks:
        assert task.title
        assert task.is_seeded or task.inputs
        assert ARTIFACTS.get(task.output)
        assert all(ARTIFACTS.get(given.kind) for given in task.inputs)
    assert all(MODALITIES.get(modality) for modality in model.card.modalities)


# Learning


def test_its_losses_are_numbers_and_every_weight_learns(
    key: str, images_NCHW: torch.Tensor
) -> None:
    model = build(key)
    phases = list(model.phases())
    assert len({phase.name for phase in phases}) == len(phases)
    names = {id(parameter): name for name, parameter in model.network.named_parameters()}
    before = {name: p.detach().clone() for name, p in model.network.named_parameters()}
    assert {id(p) for phase in phases for p in phase.parameters} == set(names)

    told = learn(model, images_NCHW, num_steps=3)

    assert all(losses.total.isfinite() for losses in told)
    unmoved = [
        name
        for name, parameter in model.network.named_parameters()
        if torch.equal(parameter, before[name])
    ]
    assert unmoved == []


def test_a_phase_moves_its_own_weights_only(key: str, images_NCHW: torch.Tensor) -> None:
    model = build(key)
    batch = batch_of(model, images_NCHW)
    for phase in model.phases():
        freeze_except(phase.parameters, model.network)
        model.losses(phase.name, batch, 0).total.backward()
        own = {id(parameter) for parameter in phase.parameters}

        for parameter in model.network.parameters():
            assert (parameter.grad is not None) == (id(parameter) in own)
        model.network.zero_grad()


def test_what_it_plots_are_single_numbers_that_hold_no_memory(
    key: str, images_NCHW: torch.Tensor
) -> None:
    for losses in learn(build(key), images_NCHW, num_steps=2):
        assert losses.total.shape == ()
        assert losses.values
        for name, value in losses.values.items():
            assert name
            assert value.shape == ()
            assert value.grad_fn is None
            assert not value.requires_grad
            assert value.isfinite()


def test_its_randomness_comes_from_the_seed_of_the_step(
    key: str, images_NCHW: torch.Tensor
) -> None:
    first, again = (
        [losses.total.item() for losses in learn(build(key), images_NCHW, num_steps=2)]
        for _ in range(2)
    )

    assert first == again


def test_it_leaves_the_pictures_that_it_learns_from_as_they_are(
    key: str, images_NCHW: torch.Tensor
) -> None:
    before = images_NCHW.clone()
    learn(build(key), images_NCHW, num_steps=1)

    assert torch.equal(images_NCHW, before)
    assert not images_NCHW.requires_grad


def test_on_an_easy_set_it_keeps_to_numbers_and_gets_better_where_that_can_be_measured(
    key: str,
) -> None:
    model = build(key)
    plain = torch.tensor([0.8, -0.2, 0.4]).reshape(1, 3, 1, 1).expand(4, 3, SIDE, SIDE)
    before = model.reconstruct(plain) if isinstance(model, Reconstructs) else None

    told = learn(model, plain, num_steps=30)

    assert all(losses.total.isfinite() for losses in told)
    assert all(parameter.isfinite().all() for parameter in model.network.parameters())
    if isinstance(model, Reconstructs):
        assert before is not None
        assert (model.reconstruct(plain) - plain).abs().mean() < (before - plain).abs().mean() / 3


# Making pictures


def test_it_makes_one_picture_for_each_seed_in_their_order(key: str) -> None:
    model = build(key)
    made = sampled(model, [3, 1, 2**62])

    if model.tasks[0].is_seeded:
        assert [artifact.seed for artifact in made] == [3, 1, 2**62]
    for artifact in made:
        assert artifact.kind == model.card.output
        assert_is_whole(artifact)
    for one, other in itertools.combinations(made, 2):
        assert not is_same(one, other)


def test_the_same_seed_gives_the_same_pixels_alone_or_in_company(key: str) -> None:
    model = build(key)
    seeds = [5, 6, 7, 8, 9]
    together = dict(zip(seeds, sampled(model, seeds), strict=True))

    for seed in (9, 5):
        (alone,) = sampled(model, [seed])
        assert is_same(alone, together[seed])


def test_making_pictures_disturbs_no_training(key: str) -> None:
    model = build(key)
    model.network.train()
    torch.manual_seed(11)
    state = torch.get_rng_state()
    weights = {name: tensor.clone() for name, tensor in model.network.state_dict().items()}

    for _ in model.run(model.tasks[0].key, request_for(model, [0, 1])):
        # Between pictures, steps may be taken.
        assert torch.is_grad_enabled()
        assert not torch.is_inference_mode_enabled()

    assert torch.equal(torch.get_rng_state(), state)
    assert model.network.training
    assert all(parameter.grad is None for parameter in model.network.parameters())
    for name, tensor in model.network.state_dict().items():
        assert torch.equal(tensor, weights[name])


def test_every_sampling_setting_may_be_at_its_ends(key: str) -> None:
    model = build(key)
    task = model.tasks[0]
    for field in setting_fields(task.settings):
        for bound in (field.minimum, field.maximum):
            if bound is not None:
                settings = parse_settings(task.settings, {field.name: bound})
                (made,) = model.run(task.key, request_for(model, [0], settings))
                assert_is_whole(made)


@pytest.mark.parametrize("size", SIZES)
def test_it_makes_pictures_of_every_size_that_the_studio_offers(key: str, size: int) -> None:
    if model_class(key).card.output != "image":
        pytest.skip("it makes something else")
    (made,) = sampled(build(key, size), [0], size)

    assert made.data.shape == (size, size, 3)


def test_a_place_between_seeds_is_where_the_seeds_are(key: str) -> None:
    model = build(key)
    if not isinstance(model, Interpolates):
        pytest.skip("its card does not promise it")
    settings = model.Sampling()
    latents = model.latents([4, 5, 6], settings)

    assert latents.ndim == 2
    assert len(latents) == 3
    assert model.decode(latents, settings).shape == (3, SIDE, SIDE, 3)
    for row, made in zip(latents, sampled(model, [4, 5, 6]), strict=True):
        np.testing.assert_array_equal(model.decode(row[None], settings)[0], made.data)


def test_a_draft_is_a_picture_and_parts_make_the_picture_itself(key: str) -> None:
    model = build(key)
    if not isinstance(model, Drafts) or not isinstance(model, Interpolates):
        pytest.skip("it draws at once")
    settings = model.tasks[0].settings()
    latents = model.latents([4, 5], settings)
    whole = model.decode(latents, settings)
    draft = model.draft(latents, settings)

    assert draft is not None
    assert (draft.shape, draft.dtype) == (whole.shape, whole.dtype)
    parts, pauses = model.decode_in_parts(latents, settings), 0
    while True:
        try:
            next(parts)
        except StopIteration as end:
            np.testing.assert_array_equal(end.value, whole)
            break
        pauses += 1
        assert not torch.is_inference_mode_enabled()
    assert pauses > 1


def test_a_redrawn_picture_is_a_picture_like_the_one_that_went_in(
    key: str, images_NCHW: torch.Tensor
) -> None:
    model = build(key)
    if not isinstance(model, Reconstructs):
        pytest.skip("its card does not promise it")

    redrawn = model.reconstruct(images_NCHW)

    assert redrawn.shape == images_NCHW.shape
    assert redrawn.abs().max() <= 1
    assert not redrawn.requires_grad


def test_its_inside_is_told_in_shares_and_telling_disturbs_nothing(
    key: str, images_NCHW: torch.Tensor
) -> None:
    model = build(key)
    if not isinstance(model, HasDiagnostics):
        pytest.skip("it has nothing to tell")
    torch.manual_seed(11)
    state, before = torch.get_rng_state(), images_NCHW.clone()

    told, again = (dict(model.diagnostics(images_NCHW, images_NCHW[:2])) for _ in range(2))
    alone = model.diagnostics(images_NCHW, images_NCHW[:0])

    known = {value for value in vars(metric_names).values() if isinstance(value, str)}
    assert told.keys() <= known
    assert alone.keys() <= told.keys()
    assert alone
    assert told == again
    assert all(0 <= value <= 1 for value in told.values())
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(images_NCHW, before)
    assert all(parameter.grad is None for parameter in model.network.parameters())
    assert model.network.training


def test_built_without_memory_it_draws_no_random_numbers_and_takes_weights(key: str) -> None:
    trained = build(key, seed=1)
    torch.manual_seed(11)
    state = torch.get_rng_state()

    with torch.device("meta"):
        chosen = model_class(key)
        empty = chosen(parse_settings(chosen.Config, small_config(key)), spec_of(key))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(tensor.is_meta for tensor in empty.network.state_dict().values())
    empty.network.load_state_dict(trained.network.state_dict(), assign=True)

    assert is_same(sampled(empty, [0])[0], sampled(trained, [0])[0])


@pytest.mark.parametrize("shape", [(SIDE, SIDE), (SIDE, 2 * SIDE + 5), (3 * SIDE, SIDE)])
def test_what_it_scores_has_a_number_for_every_pixel_and_disturbs_nothing(
    key: str, shape: tuple[int, int]
) -> None:
    model = build(key)
    if not isinstance(model, Scores):
        pytest.skip("its card does not promise it")
    image_HWC = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    torch.manual_seed(11)
    state, before = torch.get_rng_state(), image_HWC.copy()

    scored, again = model.score(image_HWC), model.score(image_HWC)

    assert scored.map_HW.shape == shape
    assert scored.map_HW.dtype == np.float32
    assert np.isfinite(scored.map_HW).all()
    assert np.isfinite(scored.score)
    assert (scored.score, dict(scored.evidence)) == (again.score, dict(again.evidence))
    np.testing.assert_array_equal(scored.map_HW, again.map_HW)
    np.testing.assert_array_equal(image_HWC, before)
    assert torch.equal(torch.get_rng_state(), state)
    assert model.network.training


# In the engine


def settings_of(key: str, **changes: Any) -> TrainingSettings:
    return small_settings(key, model=small_config(key), **changes)


def stepper_of(settings: TrainingSettings, pictures_NHWC: np.ndarray, folder: Path) -> Stepper:
    return stepper_for(
        TrainingJob(
            settings=settings,
            dataset=dataset_for(settings.model_key, pictures_NHWC),
            run=folder,
            checkpoints=folder,
        )
    )


runs_in_the_engine = pytest.mark.usefixtures("small_sheets")
TENSORS = ["weights.safetensors", "ema.safetensors", "optimizer.safetensors"]


def assert_same_tensors(one: Path, other: Path) -> None:
    same, different, missing = filecmp.cmpfiles(one, other, TENSORS, shallow=False)
    assert (same, different, missing) == (TENSORS, [], [])


@runs_in_the_engine
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"accumulate": 2, "gradient_clip": 1.0, "ema_half_life_kimg": 0.01},
        {"precision": "bf16", "mirror": False},
    ],
    ids=["as usual", "in parts", "bf16"],
)
def test_a_run_that_was_interrupted_ends_as_one_that_was_not_bit_for_bit(
    key: str, changes: dict[str, Any], pictures_NHWC: np.ndarray, tmp_path: Path
) -> None:
    # Five pictures in steps of four: rounds begin in the middle of steps.
    pictures = pictures_NHWC[:5]
    settings = settings_of(key, budget=steps(4), **changes)
    half = settings.model_copy(update={"budget": steps(2)})

    unbroken = train_to_end(tmp_path / "unbroken", settings, pictures)
    train_to_end(tmp_path / "halves", half, pictures)
    resumed = train_to_end(tmp_path / "halves", settings, pictures, resume_from=2)

    assert isinstance(unbroken[-1], events.Finished)
    assert isinstance(resumed[-1], events.Finished)
    assert resumed[-1].step == 4
    assert resumed[-1].images_seen == 16
    assert_same_tensors(unbroken[-1].checkpoint, resumed[-1].checkpoint)
    # Learning changed something, or the comparison would say nothing.
    halves = CheckpointStore(tmp_path / "halves")
    for name in ("weights", "ema", "optimizer"):
        early, late = halves.load(2).tensors(name), halves.load(4).tensors(name)
        assert any(not torch.equal(early[entry], late[entry]) for entry in early)


def live_change(key: str) -> commands.Change | None:
    """Another value of the first setting that may change while a run goes on."""
    config = model_class(key).Config(**small_config(key))
    for field in setting_fields(type(config)):
        before = getattr(config, field.name)
        if field.hints.live and isinstance(before, float):
            # Much, or four steps would not show it.
            much = (before or 0.01) * 20
            return commands.Change(field.name, min(much, field.maximum or much))
    return None


@runs_in_the_engine
def test_a_setting_that_was_changed_stays_so_bit_for_bit_after_an_interruption(
    key: str, pictures_NHWC: np.ndarray, tmp_path: Path
) -> None:
    change = live_change(key)
    if change is None:
        pytest.skip("none of its numbers may change while it is trained")
    # What is done in every so many steps is done in each, or four steps would not show it.
    often = {"r1_interval": 1} if "r1_interval" in model_class(key).Config.model_fields else {}
    settings = small_settings(key, model=small_config(key) | often, budget=steps(4))
    half = settings.model_copy(update={"budget": steps(2)})

    plain = train_to_end(tmp_path / "plain", settings, pictures_NHWC)
    unbroken = train_to_end(tmp_path / "one", settings, pictures_NHWC, Script(change))
    train_to_end(tmp_path / "two", half, pictures_NHWC, Script(change))
    resumed = train_to_end(tmp_path / "two", settings, pictures_NHWC, resume_from=2)

    assert isinstance(resumed[-1], events.Finished)
    assert_same_tensors(unbroken[-1].checkpoint, resumed[-1].checkpoint)
    assert not filecmp.cmp(
        plain[-1].checkpoint / TENSORS[0], resumed[-1].checkpoint / TENSORS[0], shallow=False
    )


@runs_in_the_engine
def test_in_bf16_every_convolution_computes_in_it(
    key: str, pictures_NHWC: np.ndarray, tmp_path: Path
) -> None:
    # The engine sees to it where networks are called, and not where methods of theirs are.
    at_once = {"warmup_kimg": 0.0} if "warmup_kimg" in model_class(key).Config.model_fields else {}
    settings = small_settings(key, model=small_config(key) | at_once, precision="bf16")
    training = stepper_of(settings, pictures_NHWC, tmp_path)
    kinds: dict[str, set[torch.dtype]] = {}
    for name, module in training.state.model.network.named_modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            found = kinds.setdefault(name, set())
            module.register_forward_hook(lambda _m, _i, out, to=found: to.add(out.dtype))

    if not kinds:
        pytest.skip("it has no such layers of its own")
    training.take_step()

    assert {name for name, found in kinds.items() if found != {torch.bfloat16}} == set()


@runs_in_the_engine
def test_what_is_saved_needs_no_rearranging(
    key: str, pictures_NHWC: np.ndarray, tmp_path: Path
) -> None:
    training = stepper_of(settings_of(key), pictures_NHWC, tmp_path)
    parameters = list(training.state.model.network.parameters())
    if any(it.ndim == 4 and it.shape[1] > 1 for it in parameters):
        assert not all(it.is_contiguous() for it in parameters)
    for name, group in training.state.tensors().items():
        assert all(tensor.is_contiguous() for tensor in group.values()), name


@runs_in_the_engine
@pytest.mark.parametrize("step", [0, 3])
def test_it_can_be_interrupted_after_any_step(
    key: str, step: int, pictures_NHWC: np.ndarray, tmp_path: Path
) -> None:
    settings = settings_of(key, budget=steps(4), accumulate=3)
    person = Script(*[None] * step, commands.Stop())

    unbroken = train_to_end(tmp_path / "unbroken", settings, pictures_NHWC)
    stopped = train_to_end(tmp_path / "stopped", settings, pictures_NHWC, person)
    resumed = train_to_end(tmp_path / "stopped", settings, pictures_NHWC, resume_from=step)

    assert isinstance(stopped[-1], events.Stopped)
    assert stopped[-1].step == step
    assert_same_tensors(unbroken[-1].checkpoint, resumed[-1].checkpoint)


KILLED_ALWAYS = ("residual-vae", "self-supervised-gan")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_it_can_be_killed_at_any_moment(
    key: str, flowers: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if key not in KILLED_ALWAYS and not request.config.getoption("--slow"):
        pytest.skip("slow: run with --slow; what is killed is the engine, the same for all")
    if model_class(key).card.draws_slowly:
        pytest.skip("its programs take longer to start than these live")
    pictures = folder_for(key, flowers, tmp_path / "pictures")
    kills, last = killed_often.in_a_process_of_its_own(pictures, tmp_path / "K", 4, 3, key, 4.0)

    settings = killed_often.settings(key).model_copy(
        update={"budget": steps(int(last.name)), "save_every_s": NEVER_S}
    )
    whole = NewRun(folder=pictures, project=tmp_path / "unbroken", settings=settings)
    *_, unbroken = start_run(whole, Script())
    # It lived long enough to be saved, and was killed after that.
    assert kills[-1]["step"] > 0
    assert isinstance(unbroken, events.Finished)
    assert_same_tensors(unbroken.checkpoint, last)


@runs_in_the_engine
def test_looking_saving_and_pausing_change_nothing_of_what_is_learned(
    key: str, pictures_NHWC: np.ndarray, tmp_path: Path
) -> None:
    settings = settings_of(key, budget=steps(2))
    person = Script(
        None, commands.SampleNow(), commands.SaveNow(), commands.Pause(), commands.SampleNow(),
        commands.Resume(),
    )  # fmt: skip

    left_alone = train_to_end(tmp_path / "alone", settings, pictures_NHWC)
    watched = train_to_end(tmp_path / "watched", settings, pictures_NHWC, person)

    assert [event.step for event in of_kind(events.CheckpointSaved, watched)] == [1, 2]
    assert_same_tensors(left_alone[-1].checkpoint, watched[-1].checkpoint)


@runs_in_the_engine
def test_the_seed_of_a_run_decides_what_it_learns(
    key: str, pictures_NHWC: np.ndarray, tmp_path: Path
) -> None:
    def trained(name: str, seed: int) -> Path:
        settings = settings_of(key, budget=steps(1), seed=seed)
        return train_to_end(tmp_path / name, settings, pictures_NHWC)[-1].checkpoint

    assert_same_tensors(trained("first", 1), trained("again", 1))
    assert not filecmp.cmp(
        tmp_path / "first" / "1" / TENSORS[0], trained("other", 2) / TENSORS[0], shallow=False
    )


# What a graphics card needs


@pytest.mark.parametrize("kinds", [{}, {"rose": 2, "tulip": 2}])
def test_equal_patterns_are_equal_operations_and_none_waits_for_the_device(
    key: str, kinds: dict[str, int]
) -> None:
    chosen = model_class(key)
    if kinds and KINDS not in chosen.card.capabilities:
        pytest.skip("it does not tell classes apart")
    model = chosen(parse_settings(chosen.Config, small_config(key)), spec_of(key, kinds=kinds))
    if not isinstance(model, CudaGraphable):
        pytest.skip("it does not say which of its steps are the same")
    # A device that computes nothing: what asks it for a number fails, as what waits for a card.
    model.network.to("meta")
    images_NCHW = torch.empty(4, 3, SIDE, SIDE, device="meta")
    labels_N = torch.zeros(4, dtype=torch.int64, device="meta") if kinds else None
    seen: dict[tuple[str, Any], list[str]] = {}
    compared = 0
    # Critics are regularised at some of these, and augmentation is steered at others.
    for step, phase in itertools.product([2, 3, 5, 16, 17, 18, 35, 48, 55], model.phases()):
        # From within the warm-up to long after it.
        fields = dict(batch_of(model, images_NCHW).fields)
        batch = Batch(
            fields=fields | ({} if labels_N is None else {"labels": labels_N}),
            images_seen=step * 1_000,
            seen_on_device=torch.empty((), device="meta"),
        )
        noted = begun(model, phase, batch, step)
        assert noted.waited_for == []
        pattern = model.graph_key(phase.name, batch, step)
        if pattern is not None:
            known = seen.setdefault((phase.name, pattern), noted.operations)
            assert known == noted.operations
            compared += known is not noted.operations
    assert compared >= 6


@pytest.mark.parametrize("kinds", [{}, {"rose": 2, "tulip": 2}])
def test_its_step_can_be_profiled_for_a_number_of_threads(
    key: str, kinds: dict[str, int], images_NCHW: torch.Tensor
) -> None:
    chosen = model_class(key)
    if kinds and KINDS not in chosen.card.capabilities:
        pytest.skip("tells no classes apart")
    model = chosen(parse_settings(chosen.Config, small_config(key)), spec_of(key, kinds=kinds))
    batch = batch_of(model, images_NCHW)
    if kinds:
        labels_N = torch.zeros(len(images_NCHW), dtype=torch.int64)
        batch = Batch(fields={**batch.fields, "labels": labels_N}, images_seen=0)

    assert profile_step(model, batch) > 0
