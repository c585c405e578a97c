"""Sentences follow from figures: each from those that say so, and none from those that do not."""

from datetime import UTC, datetime

import pytest
from compared_helpers import compared, figure

from genstudio.domain.language import ENGLISH, PSEUDO, speak
from genstudio.domain.model_reports import MODEL_FIGURES, ModelReport
from genstudio.domain.reports import WhyNot
from genstudio.services.blind_picks import PickTally, State
from genstudio.services.compared import ComparedRun, Comparison
from genstudio.services.conclusions import MOST, conclusions, run_names

CLAIMS = {"ahead", "level", "no-winner"}
BLIND = ModelReport(missing={"psnr": WhyNot.NO_REDRAWING, "redrawn_distance": WhyNot.NO_REDRAWING})


def gan(**more: object) -> ComparedRun:
    return compared("20261129-100000-gan-0001", title="GAN", **more)


def vae(**more: object) -> ComparedRun:
    return compared("20261129-110000-vae-0002", title="VAE", **more)


def said(*runs: ComparedRun, is_alike: bool = True, picks: tuple[PickTally, ...] = ()) -> dict:
    comparison = Comparison(runs=runs, note="", is_alike=is_alike, picks=picks)
    found: dict[str, list[str]] = {}
    for it in conclusions(comparison):
        found.setdefault(it.key, []).append(it.text)
    return found


# --- who is ahead -----------------------------------------------------------------------------


def test_identical_figures_have_no_winner() -> None:
    model = ModelReport(path_length=figure(4.0), evenness=figure(1.4), psnr=figure(20.0))
    found = said(gan(model=model), vae(model=model))
    assert "ahead" not in found
    (text,) = found["no-winner"]
    for title in ("surface", "likeness", "variety", "smoothness between", "redrawing"):
        assert title in text
    assert "time" not in found
    assert "speed" not in found


def test_who_is_ahead_is_told_with_both_values_and_the_rest_is_level() -> None:
    found = said(gan(kid=12.0, coverage=0.5), vae(kid=46.0, coverage=0.9))
    assert found["ahead"] == [
        "“GAN” is ahead in likeness (12 against 46; less is better).",
        "“VAE” is ahead in variety of your pictures (90.0 % against 50.0 %; up to 97 %).",
    ]
    (level,) = found["level"]
    assert "surface" in level
    assert "likeness" not in level
    assert "no-winner" not in found


def test_a_model_that_draws_one_picture_is_not_praised_for_its_smooth_walks() -> None:
    smooth = ModelReport(path_length=figure(1.0), evenness=figure(1.0))
    winding = ModelReport(path_length=figure(4.0), evenness=figure(2.0))
    found = said(gan(model=smooth, diversity=0.3), vae(model=winding))
    assert "smoothness" not in " ".join(found["ahead"])
    (text,) = found["collapsed"]
    assert text.startswith("“GAN” draws pictures that are much alike")
    assert "lead nowhere" in text

    found = said(gan(model=smooth), vae(model=winding))
    assert any("“GAN” is ahead in smoothness" in text for text in found["ahead"])
    assert "collapsed" not in found


def test_a_difference_within_chance_is_no_lead() -> None:
    assert "likeness" in said(gan(kid=10.0), vae(kid=10.02))["no-winner"][0]
    assert "likeness" in said(gan(kid=10.0), vae(kid=10.1))["ahead"][0]


def test_of_three_two_may_be_ahead_together() -> None:
    third = compared("20261129-120000-flow-0003", title="Flow", kid=3.0)
    found = said(gan(kid=1.0), vae(kid=1.01), third)
    (text,) = found["ahead"]
    assert text == (
        "“GAN” and “VAE” are ahead in likeness (1 / 1.01 against 3; less is better); chance alone "
        "may make the difference between them."
    )


def test_different_pictures_allow_no_conclusion_on_quality() -> None:
    found = said(gan(kid=1.0), vae(kid=900.0), is_alike=False)
    assert not CLAIMS & found.keys()
    assert "learned from different pictures" in found["not-comparable"][0]
    assert not any("ahead" in text for texts in found.values() for text in texts)


def test_different_sizes_allow_none_either_nor_on_time() -> None:
    found = said(gan(kid=1.0, draw_s=0.001), vae(kid=900.0, draw_s=1.0, size=64), is_alike=False)
    assert not CLAIMS & found.keys()
    assert "differ in size" in found["not-comparable"][0]
    assert "speed" not in found


def test_few_pictures_are_told_of() -> None:
    assert "Only 20 made pictures" in said(gan(count=20), vae())["few"][0]
    assert "few" not in said(gan(), vae())


def test_a_figure_that_only_one_has_ranks_nobody() -> None:
    found = said(gan(model=BLIND), vae(model=ModelReport(psnr=figure(22.0, 11.0))))
    assert not any("redrawing" in text for text in found["no-winner"])


# --- copying ----------------------------------------------------------------------------------


def test_who_copied_is_named_and_its_figures_doubted() -> None:
    found = said(gan(copies=0.3, kid=0.0), vae(kid=50.0))
    (text,) = found["copied"]
    assert text.startswith("“GAN” nearly repeats training pictures: 30.0 %")
    assert "look better than they are" in text
    assert "no-copies" not in found


@pytest.mark.parametrize("share", [0.0, 0.01, 0.029])
def test_what_chance_explains_is_no_copying(share: float) -> None:
    found = said(gan(copies=share), vae())
    assert "copied" not in found
    assert found["no-copies"] == [
        "None of them repeats training pictures more than chance explains."
    ]


def test_where_copies_were_not_looked_for_nothing_is_promised() -> None:
    found = said(gan(copies=None), vae())
    assert "copies-unknown" in found
    assert "no-copies" not in found


# --- redrawing and kinds ----------------------------------------------------------------------


def test_the_only_one_that_redraws_is_told_with_what_the_mean_gets() -> None:
    found = said(gan(model=BLIND), vae(model=ModelReport(psnr=figure(22.4, 11.1))))
    (text,) = found["redrawing"]
    assert text == (
        "Only “VAE” can redraw a picture that it is given: ones that it never saw come back at "
        "22.4 dB, where the mean of your pictures alone gets 11.1 dB."
    )


def test_redrawing_no_better_than_the_mean_is_told_as_that() -> None:
    found = said(gan(model=BLIND), vae(model=ModelReport(psnr=figure(11.11, 11.1))))
    assert "no nearer than the mean" in found["redrawing"][0]


def test_none_that_redraws_and_none_that_could_be_judged() -> None:
    assert "None of them can redraw" in said(gan(model=BLIND), vae(model=BLIND))["redrawing"][0]
    unknown = ModelReport(missing={"psnr": WhyNot.NO_HELD_OUT_PICTURES})
    found = said(gan(model=BLIND), vae(model=unknown))
    assert "could not be judged" in found["redrawing"][0]


def test_kinds_are_told_beside_guessing() -> None:
    model = ModelReport(probe=figure(0.83, 0.1), num_kinds=10)
    (text,) = said(gan(), vae(model=model))["kinds"]
    assert text == (
        "The latents of “VAE” tell the kinds apart: a linear classifier is right for 83.0 % of "
        "held-out pictures, where guessing gets 10.0 %."
    )
    guessed = ModelReport(probe=figure(0.11, 0.1), knew_kinds=True)
    (text,) = said(gan(), vae(model=guessed))["kinds"]
    assert "do not tell the kinds apart" in text
    assert "was given the kinds" in text


# --- costs ------------------------------------------------------------------------------------


def test_who_draws_faster_is_told_only_where_it_is_much() -> None:
    (text,) = said(gan(draw_s=0.002), vae(draw_s=0.008))["speed"]
    assert text == (
        "“GAN” draws a picture in 2 ms on one core of this machine's processor, 4.0 times as fast "
        "as “VAE” (8 ms)."
    )
    assert "speed" not in said(gan(draw_s=0.010), vae(draw_s=0.011))


def test_a_longer_training_is_told_as_a_reason() -> None:
    assert said(gan(seconds=600), vae(seconds=60))["time"] == [
        "“GAN” was trained 10.0 times as long as “VAE”: part of what differs may come from that."
    ]
    assert "time" not in said(gan(seconds=60), vae(seconds=70))


# --- picks ------------------------------------------------------------------------------------


def tally(for_first: int, for_second: int) -> PickTally:
    return PickTally(
        first=State(run="20261129-100000-gan-0001", step=1),
        second=State(run="20261129-110000-vae-0002", step=1),
        for_first=for_first,
        for_second=for_second,
        undecided=1,
        when=datetime(2026, 11, 29, tzinfo=UTC),
    )


def test_picks_are_told_by_the_names_of_the_runs() -> None:
    (text,) = said(gan(), vae(), picks=(tally(12, 3),))["picks"]
    assert text == (
        "Picked blindly, “GAN” was liked more than “VAE” in 12 of 15 pairs. By chance alone, so "
        "clear a result comes in 3.5 % of cases."
    )


# --- all together -----------------------------------------------------------------------------


def test_one_run_alone_is_told_of_without_a_rank() -> None:
    found = said(gan())
    assert not CLAIMS & found.keys()
    assert {"alone", "no-copies"} <= found.keys()
    assert said() == {}


def test_there_are_never_too_many() -> None:
    model = ModelReport(psnr=figure(22.4, 11.1), probe=figure(0.83, 0.1))
    one = gan(model=BLIND, copies=0.3, count=20, kid=1.0, draw_s=0.1)
    other = vae(model=model, copies=0.2, count=20, coverage=0.99, seconds=6000)
    comparison = Comparison(runs=(one, other), note="", is_alike=True, picks=(tally(12, 3),))
    found = conclusions(comparison)
    assert len(found) == MOST
    assert {"few", "ahead", "copied", "picks"} <= {it.key for it in found}


def test_runs_of_one_architecture_are_told_apart() -> None:
    same = [compared("20261129-100000-gan-0001", title="GAN", step=step) for step in (100, 2000)]
    names = run_names([*same, vae()])
    assert len(set(names)) == 3
    assert names[2] == "“VAE”"
    assert "2,000" in names[1]
    assert len(set(run_names([gan(), compared("20261129-110000-gan-0009", title="GAN")]))) == 2


def test_every_sentence_goes_through_the_translator() -> None:
    model = ModelReport(psnr=figure(22.4, 11.1), probe=figure(0.83, 0.1), knew_kinds=True)
    runs = (gan(model=BLIND, copies=0.3, kid=1.0, draw_s=0.1), vae(model=model, seconds=6000))
    comparison = Comparison(runs=runs, note="", is_alike=True, picks=(tally(12, 3),))
    speak(PSEUDO)
    try:
        texts = [it.text for it in conclusions(comparison)]
        titles = [card.title for card in MODEL_FIGURES]
    finally:
        speak(ENGLISH)
    assert texts
    assert all(text.startswith("⟦") for text in (*texts, *titles))
