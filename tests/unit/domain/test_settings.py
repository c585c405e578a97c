"""Settings: what is allowed, what is said when it is not, and the way through files and words."""

import json
import tomllib
from typing import Any, Literal

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from genstudio.domain.errors import SettingsError
from genstudio.domain.settings import (
    FieldHints,
    Settings,
    as_before,
    parse_known,
    parse_settings,
    setting,
    setting_fields,
    shown_only_with,
)
from genstudio.domain.training import SIZES, Budget, TrainingSettings


class Brush(Settings):
    width: int = setting(
        8, title="Width — radius", help="How wide it paints.", ge=1, le=64, unit="px"
    )
    softness: float = setting(
        0.5, title="Softness", help="How it fades.", ge=0.0, advanced=True, logarithmic=True
    )
    hairs: Literal[16, 32] = setting(16, title="Hairs", help="How many there are.")
    tip: Literal["round", "flat"] = setting("round", title="Tip", help="Its shape.")
    wet: bool = setting(False, title="Wet", help="Whether colours run.")
    name: str = "brush"


def refused(values: dict[str, Any]) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        parse_settings(Brush, values)
    return caught.value


def test_nothing_given_means_the_defaults() -> None:
    assert parse_settings(Brush, {}) == Brush()


def test_words_are_read_as_what_they_stand_for() -> None:
    words = {"width": "12", "softness": "1e-2", "hairs": "32", "tip": "flat", "wet": "yes"}

    assert parse_settings(Brush, words) == Brush(
        width=12, softness=0.01, hairs=32, tip="flat", wet=True
    )


@pytest.mark.parametrize("value", [0, 65, "65", -1, "wide", "", None, 1.5, [], "nan"])
def test_a_value_out_of_bounds_is_refused_with_the_bounds_and_the_default(value: object) -> None:
    error = refused({"width": value})

    assert "width" in error.title
    assert repr(value) in error.message
    assert error.hint == "Allowed: from 1 to 64. The default is 8."


def test_a_setting_with_one_bound_says_that_bound_only() -> None:
    assert refused({"softness": -0.1}).hint == "Allowed: from 0. The default is 0.5."


@pytest.mark.parametrize(("name", "value"), [("hairs", "17"), ("hairs", 17), ("tip", "bent")])
def test_a_choice_that_is_not_offered_is_refused_with_those_that_are(
    name: str, value: object
) -> None:
    message = refused({name: value}).message

    assert all(word in message for word in (["16", "32"] if name == "hairs" else ["round", "flat"]))


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    error = refused({"colour": "blue"})

    assert "“colour”" in error.title
    assert error.hint == "Known settings: width, softness, hairs, tip, wet, name."


def test_a_class_without_settings_says_that_there_are_none() -> None:
    class Nothing(Settings):
        pass

    with pytest.raises(SettingsError, match="Known settings: none"):
        parse_settings(Nothing, {"any": 1})


def test_settings_cannot_be_changed_behind_the_runs_back() -> None:
    brush = Brush()

    with pytest.raises(ValidationError, match="frozen"):
        brush.width = 9  # type: ignore[misc]


def test_a_form_gets_everything_that_it_shows() -> None:
    fields = {field.name: field for field in setting_fields(Brush)}

    assert list(fields) == ["width", "softness", "hairs", "tip", "wet", "name"]
    width = fields["width"]
    assert (width.title, width.help) == ("Width — radius", "How wide it paints.")
    assert (width.default, width.minimum, width.maximum) == (8, 1, 64)
    assert width.hints == FieldHints(unit="px")
    softness = fields["softness"]
    assert (softness.minimum, softness.maximum) == (0.0, None)
    assert softness.hints == FieldHints(advanced=True, logarithmic=True)
    assert fields["tip"].annotation == Literal["round", "flat"]
    # Declared without words: its name has to do.
    assert (fields["name"].title, fields["name"].help) == ("name", "")


def test_settings_that_count_only_with_another_one_say_so() -> None:
    made = shown_only_with(Brush, "tool", "brush", but=["tip"])
    fields = {field.name: field for field in setting_fields(made)}
    assert fields["width"].hints == FieldHints(unit="px", only_with=("tool", "brush"))
    assert (fields["width"].minimum, fields["width"].maximum) == (1, 64)
    assert fields["tip"].hints.only_with is None
    assert setting_fields(Brush)[0].hints.only_with is None
    assert made().model_dump() == Brush().model_dump()
    with pytest.raises(SettingsError):
        parse_settings(made, {"width": 65})


def test_of_loose_values_settings_are_read_and_others_passed_over() -> None:
    assert parse_known(Brush, {"width": "7", "odd": 1}) == {"width": 7}
    assert parse_known(TrainingSettings, {"size": "64"}, model_key="vae") == {"size": 64}
    with pytest.raises(SettingsError, match="width"):
        parse_known(Brush, {"width": 65})


def test_a_setting_without_a_default_has_none() -> None:
    (field,) = [field for field in setting_fields(TrainingSettings) if field.name == "model_key"]

    assert field.default is None


brushes = st.builds(
    Brush,
    width=st.integers(1, 64),
    softness=st.floats(0, 1e9),
    hairs=st.sampled_from([16, 32]),
    tip=st.sampled_from(["round", "flat"]),
    wet=st.booleans(),
    name=st.text(st.characters(exclude_categories=["Cs"])),
)
fuzzed = settings(max_examples=60, deadline=None, derandomize=True)


@fuzzed
@given(brush=brushes)
def test_settings_come_back_from_files_and_from_words_as_they_were(brush: Brush) -> None:
    values = brush.model_dump(mode="json")

    assert parse_settings(Brush, json.loads(json.dumps(values))) == brush
    assert parse_settings(Brush, tomllib.loads(tomli_w.dumps(values))) == brush
    assert parse_settings(Brush, {name: str(value) for name, value in values.items()}) == brush


@fuzzed
@given(
    run=st.builds(
        TrainingSettings,
        model_key=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        size=st.sampled_from(SIZES),
        batch=st.integers(2, 1024),
        accumulate=st.integers(1, 64),
        budget=st.builds(
            Budget,
            unit=st.sampled_from(["steps", "images", "minutes"]),
            amount=st.floats(0, 1e12, exclude_min=True),
        ),
        seed=st.integers(0, 2**63 - 1),
        precision=st.sampled_from(["auto", "fp32", "bf16", "fp16"]),
        mirror=st.booleans(),
        ema_half_life_kimg=st.floats(0, 1000),
    )
)
def test_a_runs_settings_come_back_from_its_file_as_they_were(run: TrainingSettings) -> None:
    written = tomli_w.dumps(run.model_dump(mode="json"))

    assert TrainingSettings.model_validate(tomllib.loads(written)) == run


def brush_or_error(values: dict[str, Any]) -> Brush | SettingsError:
    try:
        return parse_settings(Brush, values)
    except SettingsError as error:
        return error


@fuzzed
@given(
    values=st.dictionaries(
        st.sampled_from([*Brush.model_fields, "colour"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()),
    )
)
def test_whatever_is_given_is_taken_within_bounds_or_refused_in_words(
    values: dict[str, Any],
) -> None:
    brush = brush_or_error(values)

    if isinstance(brush, SettingsError):
        assert brush.title
        assert brush.hint
    else:
        assert 1 <= brush.width <= 64
        assert brush.softness >= 0


def test_what_a_file_leaves_out_is_what_was_the_case_before() -> None:
    class Sketched(Settings):
        width: int = setting(64, title="Width", help="")
        whole: bool = setting(True, title="Whole", help="", before=False, formerly="entire")

    assert as_before(Sketched, {"width": 3}) == {"whole": False, "width": 3}
    assert as_before(Sketched, {"whole": True}) == {"whole": True}
    assert as_before(Sketched, {"entire": True}) == {"whole": True}
    assert parse_settings(Sketched, {}).whole
