"""Events survive the way to a file, to another process, and a write that was torn."""

import json
import pickle
import typing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from genstudio.domain import events
from genstudio.domain.events import Event, parse_event

RUN = Path("projects") / "Wiese 草地" / "runs" / "1"
EXAMPLES: list[Event] = [
    events.Preparing(what="Reading “pictures”\n", done=1, total=2),
    events.RunStarted(
        run=RUN, model="gan", device="CPU", precision="fp32", threads=2, num_images=340,
        num_parameters=10**7, step=0,
    ),
    events.StepDone(
        step=7, images_seen=224, losses={"critic — “R1”": -0.5, "KL": 1e-30}, images_per_s=210.5,
        seconds=3.25, progress=0.5, eta_s=None, memory_gib=1.5,
    ),
    events.PreviewReady(step=7, path=RUN / "previews" / "7.png"),
    events.MetricsReady(step=7, metrics={"KID": 0.1}),
    events.CheckpointSaved(step=7, path=RUN / "checkpoints" / "7", took_s=0.2),
    events.Advice(
        step=7, level="warning", topic="plateau", title="Slow", message="It got slower.",
        evidence="KID 3.", action=events.CoachAction(label="Calm", setting="gamma", value=2.0),
    ),
    events.Message(step=7, level="info", title="Parts", message="Four.", hint="Close others."),
    events.Paused(step=7),
    events.Resumed(step=7),
    events.Finished(run=RUN, step=9, images_seen=288, seconds=4.5, checkpoint=RUN / "9"),
    events.Stopped(run=RUN, step=9, images_seen=288, seconds=4.5, checkpoint=None),
    events.Failed(run=None, step=9, title="It failed", message="So it is.", hint="Mend it."),
]  # fmt: skip


def test_every_kind_of_event_has_an_example_here() -> None:
    assert {type(event) for event in EXAMPLES} == set(typing.get_args(Event))


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.event)
def test_an_event_comes_back_from_its_line_and_from_another_process(event: Event) -> None:
    line = event.model_dump_json()

    assert "\n" not in line
    assert parse_event(line) == event
    assert parse_event(line.encode() + b"\n") == event
    assert json.loads(line) == event.to_record()
    assert pickle.loads(pickle.dumps(event)) == event  # noqa: S301  # made in this line


def test_an_event_cannot_be_changed_by_whoever_reads_it() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        EXAMPLES[-1].step = 1  # type: ignore[misc]


def test_a_preview_leaves_its_picture_out_of_the_record_and_takes_it_to_other_processes() -> None:
    sheet = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    event = events.PreviewReady(step=3, image=sheet)

    assert event.to_record() == {"event": "PreviewReady", "step": 3, "path": None}
    sent = pickle.loads(pickle.dumps(event))  # noqa: S301  # made in this line
    np.testing.assert_array_equal(sent.image, sheet)


def test_exactly_three_kinds_end_a_run() -> None:
    ending = [event.event for event in EXAMPLES if isinstance(event, events.Terminal)]

    assert ending == ["Finished", "Stopped", "Failed"]


@settings(max_examples=80, deadline=None, derandomize=True)
@given(event=st.sampled_from(EXAMPLES), data=st.data())
def test_a_torn_line_is_no_event(event: Event, data: st.DataObject) -> None:
    line = event.model_dump_json().encode()
    cut = data.draw(st.integers(0, len(line) - 1))

    assert parse_event(line[:cut]) is None


@pytest.mark.parametrize(
    "line",
    ["", "\n", "null", "[]", "{}", '{"event": "Exploded", "step": 1}', '{"event": "Paused"}',
     '{"event": "Paused", "step": "soon"}', b"\xff\xfe", "[" * 100_000, "\x00" * 64],
)  # fmt: skip
def test_a_line_from_elsewhere_is_no_event(line: str | bytes) -> None:
    assert parse_event(line) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("step", -1), ("step", 2**63), ("step", 10**400), ("images_seen", 10**30),
        ("seconds", -1.0), ("seconds", float("inf")), ("seconds", float("nan")), ("seconds", 1e300),
    ],
)  # fmt: skip
def test_numbers_that_no_plot_or_clock_can_show_are_no_event(name: str, value: float) -> None:
    record = {
        "event": "StepDone", "step": 1, "images_seen": 2, "losses": {}, "images_per_s": 1.0,
        "seconds": 1.0, "progress": 0.5, "eta_s": None, "memory_gib": 0.1,
    }  # fmt: skip
    assert parse_event(json.dumps(record)) is not None

    assert parse_event(json.dumps({**record, name: value})) is None


def test_advice_is_recorded_under_the_name_that_it_always_had() -> None:
    advice = next(event for event in EXAMPLES if isinstance(event, events.Advice))
    record = advice.to_record()

    assert record == {
        "event": "CoachSaid", "step": 7, "level": "warning", "topic": "plateau", "title": "Slow",
        "message": "It got slower.", "evidence": "KID 3.",
        "action": {"label": "Calm", "setting": "gamma", "value": 2.0, "before": None},
    }  # fmt: skip


def test_records_of_earlier_versions_that_were_on_no_topic_are_messages() -> None:
    earlier = {
        "event": "CoachSaid", "step": 3, "level": "warning", "title": "Memory ran out",
        "message": "In parts.", "topic": "", "evidence": "", "action": None,
    }  # fmt: skip
    expected = events.Message(step=3, level="warning", title="Memory ran out", message="In parts.")

    assert parse_event(json.dumps(earlier)) == expected
    for name in ("topic", "evidence", "action"):
        del earlier[name]
    assert parse_event(json.dumps(earlier)) == expected
    assert parse_event(json.dumps({**earlier, "step": -1})) is None
    on_a_topic = parse_event(json.dumps({**earlier, "topic": "plateau"}))
    assert isinstance(on_a_topic, events.Advice)


def test_a_message_is_one_line_with_its_hint() -> None:
    message = events.Message(step=1, level="info", title="A", message="It is so.")

    assert message.text == "It is so."
    assert message.model_copy(update={"hint": "Do this."}).text == "It is so. Do this."
