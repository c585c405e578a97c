"""Settings that fit the pictures and the machine: which, when, and whether the reasons tell."""

from pathlib import Path
from typing import Any, Literal

import pytest

from genstudio.domain.cards import KINDS, ModelCard
from genstudio.domain.datasets import CaptionReport, PictureInfo, Remark, ScanReport
from genstudio.domain.settings import Settings, parse_settings, setting
from genstudio.models.catalog import model_cards, model_class, model_keys
from genstudio.services.fitting import PictureFacts, facts_about, fit, suggest_model
from genstudio.services.presets import Fit, preset_named, presets, resolve_settings


class Plain(Settings):
    """An architecture that has nothing to fit."""


class Own(Settings):
    """An architecture that calls its strengths by other names."""

    augment: Literal["weak", "strong"] = setting("weak", title="Stretch", help="")


def card(key: str = "toy", family: str = "GAN", *capabilities: str) -> ModelCard:
    return ModelCard(
        key=key,
        title=f"Model {key}",
        summary="",
        family=family,
        capabilities=frozenset(capabilities),
        cost="",
        needs="",
        paper="",
    )


def picture(name: str, *remarks: Remark) -> PictureInfo:
    return PictureInfo(name=name, width=64, height=64, content_hash="0", remarks=frozenset(remarks))


def fitted(count: int = 500, **changes: Any) -> Fit:
    pictures = PictureFacts(count=count, **changes.pop("pictures", {}))
    chosen = changes.pop("model", "gan")
    values = {
        "size": 64,
        "accelerator": "cpu",
        "preset": "balanced",
        "card": model_class(chosen).card,
        "config": model_class(chosen).Config,
    }
    return fit(pictures, **{**values, **changes})


def words(found: Fit) -> str:
    return "\n".join(found.sentences())


@pytest.mark.parametrize("accelerator", ["cpu", "cuda", "mps"])
@pytest.mark.parametrize("preset", [preset.key for preset in presets()])
@pytest.mark.parametrize("key", model_keys())
@pytest.mark.parametrize("count", [2, 99, 100, 1_999, 2_000, 30_001])
def test_what_is_fitted_is_valid_for_every_architecture(
    key: str, preset: str, count: int, accelerator: str
) -> None:
    kinds = {"cats": count, "dogs": count}
    found = fitted(
        count,
        pictures={"num_cut_out": count, "is_cut_out": True, "kinds": kinds},
        preset=preset,
        accelerator=accelerator,
        size=512,
        card=model_class(key).card,
        config=model_class(key).Config,
    )
    settings = resolve_settings(preset=preset, model_key=key, fit=found)
    parse_settings(model_class(key).Config, settings.model)
    tells_kinds = KINDS in model_class(key).card.capabilities
    assert (settings.transparency, settings.kinds) == (True, tells_kinds)


@pytest.mark.parametrize(
    ("count", "strength"),
    [
        (5, "full"),
        (99, "full"),
        (499, "full"),
        (500, "adaptive"),
        (30_000, "adaptive"),
        (30_001, "shift only"),
    ],
)
def test_the_fewer_pictures_the_more_they_are_stretched(count: int, strength: str) -> None:
    found = fitted(count)
    assert found.model["augment"] == strength
    assert f"{count:,}" in words(found)


def test_few_pictures_are_a_warning_for_every_architecture() -> None:
    for key in ("gan", "vae"):
        assert "99 examples are few" in words(fitted(99, model=key))
        assert "few: " not in words(fitted(100, model=key))


def test_what_an_architecture_does_not_have_is_not_fitted() -> None:
    for config in (Plain, Own):
        found = fitted(card=card(), config=config, preset="quick")
        assert found.model == {}
        assert "critic" not in words(found)


def test_cut_out_pictures_keep_their_opacity() -> None:
    found = fitted(100, pictures={"num_cut_out": 51, "is_cut_out": True})
    assert found.training["transparency"] is True
    assert "51 of 100 pictures are cut out" in words(found)
    assert "transparency" not in fitted(100, pictures={"num_cut_out": 50}).training


def test_grey_pictures_are_learned_with_one_channel_by_what_can() -> None:
    found = fitted(100, pictures={"is_grey": True})
    assert found.training["colours"] == "grey"
    assert "All pictures are grey" in words(found)
    assert "colours" not in fitted(100).training
    # What is cut out keeps its opacity, and a frozen model draws in colour.
    cut_out = fitted(100, pictures={"is_grey": True, "is_cut_out": True})
    assert "colours" not in cut_out.training
    frozen = fitted(100, model="stable-diffusion-lora", pictures={"is_grey": True})
    assert "colours" not in frozen.training


def test_a_table_of_groups_is_kept_to() -> None:
    found = fitted(100, pictures={"has_groups": True})
    assert found.training["groups"] == "table"
    assert "groups.csv" in words(found)


def test_kinds_are_told_apart_only_by_architectures_that_can() -> None:
    pictures = {"kinds": {"cats": 40, "dogs": 60}}
    for able, expected in ((card("toy", "GAN", KINDS), True), (card(), None)):
        found = fitted(100, pictures=pictures, card=able, config=Plain)
        assert found.training.get("kinds") is expected
        assert ("2 folders are told apart" in words(found)) is bool(expected)


def test_a_processor_takes_smaller_steps_and_a_smaller_model() -> None:
    found = fitted(preset="balanced")
    base = preset_named("balanced").training
    assert base["batch"] == 32
    assert found.training["batch"] == 16
    assert found.model["width"] == 32
    # Balanced names none: the default of 10 for 32 pictures per step.
    assert found.training["ema_half_life_kimg"] == pytest.approx(5.0)
    assert "16 examples per step" in words(found)


def test_a_preset_that_suits_the_processor_is_left_as_it_is_without_words() -> None:
    found = fitted(preset="quick")
    assert not {"batch", "ema_half_life_kimg"} & found.training.keys()
    assert "width" not in found.model
    assert "processor" not in words(found)


def test_a_graphics_card_takes_more_pictures_at_once() -> None:
    found = fitted(preset="quick", accelerator="cuda")
    base = preset_named("quick").training
    assert (base["batch"], found.training["batch"]) == (16, 32)
    assert found.training["ema_half_life_kimg"] == pytest.approx(2 * base["ema_half_life_kimg"])
    assert "32 examples per step" in words(found)
    assert "batch" not in fitted(preset="balanced", accelerator="cuda").training


def test_small_pictures_are_drawn_without_a_vaes_critic() -> None:
    found = fitted(size=32, model="vae")
    assert found.model["adversarial_weight"] == 0
    assert "At 32 px" in words(found)
    assert "adversarial_weight" not in fitted(size=64, model="vae").model
    assert "adversarial_weight" not in fitted(size=32, model="gan").model


def test_large_pictures_are_looked_at_in_parts_on_a_graphics_card() -> None:
    at = {size: fitted(accelerator="cuda", size=size).training for size in (256, 512, 1024)}
    assert "accumulate" not in at[256]
    assert at[512]["accumulate"] == 4
    assert at[1024]["accumulate"] == 8
    assert all("batch" not in training for training in at.values()), "steps stay as steady"
    assert "At 512 px" in words(fitted(accelerator="cuda", size=512))


def test_reasons_for_what_a_person_chose_otherwise_are_not_told() -> None:
    found = fitted(50)
    assert len(found.sentences(["augment"])) == len(found.sentences()) - 1
    assert "few" in "\n".join(found.sentences(["augment", "batch", "width"]))
    both = ["batch", "ema_half_life_kimg"]
    assert len(found.sentences(both[:1])) == len(found.sentences())
    assert len(found.sentences(both)) == len(found.sentences()) - 1


def test_reasons_are_sentences() -> None:
    for reason in fitted(50, accelerator="cuda", size=1024).reasons:
        assert reason.sentence[0].isupper() or reason.sentence[0].isdigit()
        assert reason.sentence.endswith(".")


def test_few_pictures_begin_with_a_vae_and_others_with_a_gan() -> None:
    for count, family in ((99, "VAE"), (100, "GAN")):
        found = suggest_model(PictureFacts(count=count), model_cards())
        assert found is not None
        assert model_class(found.model_key) is model_class(family)
        assert model_class(family).card.title in found.why
    assert suggest_model(PictureFacts(count=9), [card()]) is None


def test_facts_leave_out_what_a_person_left_out() -> None:
    pictures = [picture(f"a/{index}.png", Remark.TRANSPARENT) for index in range(50)]
    pictures += [picture(f"b/{index}.png") for index in range(45)]
    report = ScanReport(folder=Path("/pictures"), pictures=tuple(pictures))

    facts = facts_about(report)
    assert (facts.count, facts.num_cut_out, facts.is_cut_out) == (95, 50, True)
    assert facts.kinds == {"a": 50, "b": 45}

    without = facts_about(report, {f"a/{index}.png" for index in range(20)})
    assert (without.count, without.num_cut_out, without.is_cut_out) == (75, 30, False)
    assert without.kinds == {}, "30 of a kind are too few"


def test_captions_that_say_left_or_right_forbid_mirrors() -> None:
    report = ScanReport(
        folder=Path("/pictures"),
        pictures=(picture("a.png"), picture("b.png")),
        captions=CaptionReport(texts={"a.png": "a circle", "b.png": "A circle, LEFT"}),
    )
    facts = facts_about(report)

    assert facts.side == "left"
    found = fitted(model="word-flow", pictures={"side": facts.side})
    assert found.training["mirror"] is False
    assert "“left”" in words(found)
    assert "mirror" not in fitted(model="word-flow").training
    assert "mirror" not in fitted(model="gan", pictures={"side": "left"}).training
