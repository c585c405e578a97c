"""Performing live: messages steer a place that moves by itself; nonsense is told and harmless."""

import itertools

import pytest
from osc_messages import send_bytes, send_osc

from genstudio.domain.errors import DeviceError, SettingsError
from genstudio.services import live
from genstudio.services.live import Message, OscReceiver, Performance

PATIENCE_S = 60


def seeds() -> itertools.count:
    return itertools.count(100)


def test_it_goes_from_seed_to_seed_at_its_speed() -> None:
    following = seeds()
    performance = Performance(seeds=(1, 2), speed=0.5)
    half = performance.advance(1.0, lambda: next(following))
    assert half.seeds == (1, 2)
    assert half.across == pytest.approx(0.5)
    later = performance.advance(3.5, lambda: next(following))
    assert later.seeds == (100, 101)
    assert 0 < later.across < 0.5


def test_messages_steer_it() -> None:
    performance = Performance(seeds=(1, 2), speed=0.2)
    for message in (
        Message("seed", (7,)),
        Message("next", (9.0,)),
        Message("speed", (0,)),
        Message("position", (0.5,)),
        Message("direction/3", (1.5,)),
        Message("direction", (2, -20)),
    ):
        performance.take(message)
    assert performance.understood == 6
    place = performance.advance(10.0, lambda: 0)
    assert place.seeds == (7, 9)
    assert place.across == pytest.approx(0.5)
    assert place.moves == {2: -10.0, 3: 1.5}
    performance.take(Message("still", ()))
    assert performance.advance(10.0, lambda: 0).moves == {}


def test_sliders_are_followed_smoothly() -> None:
    performance = Performance(seeds=(1, 2), speed=0)
    performance.take(Message("direction/1", (2.0,)))
    first = performance.advance(0.033, lambda: 0).moves[1]
    second = performance.advance(0.15, lambda: 0).moves[1]
    assert 0 < first < second < 2.0
    assert second > 1.7


@pytest.mark.parametrize(
    ("address", "arguments"),
    [
        ("seed", ("red",)), ("seed", (-1,)), ("seed", (1.5,)), ("seed", ()), ("speed", (None,)),
        ("speed", (float("nan"),)), ("speed", (True,)), ("direction/0", (1.0,)),
        ("direction/99", (1.0,)), ("direction/x", (1.0,)), ("direction", (1,)), ("", ()),
        ("nothing/of/ours", (1, 2, 3)), ("position", (b"\x00",)), ("seed", (2.0**70,)),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told_and_changes_nothing(
    address: str, arguments: tuple[object, ...]
) -> None:
    performance = Performance(seeds=(1, 2), speed=0.2)
    before = performance.advance(0.0, lambda: 0)
    performance.take(Message(address, arguments))
    assert "means nothing here" in performance.refused
    assert performance.understood == 0
    assert performance.advance(0.0, lambda: 0) == before


def test_messages_of_other_programs_are_heard() -> None:
    pytest.importorskip("pythonosc")
    receiver = OscReceiver(port=0)
    try:
        send_osc(receiver.port, "/genstudio/direction/4", 1.25)
        send_osc(receiver.port, "/somebody/else", 1)
        send_osc(receiver.port, "/genstudio/seed", 12)
        found = [receiver.messages.get(timeout=PATIENCE_S) for _ in range(2)]
        assert found == [Message("direction/4", (1.25,)), Message("seed", (12,))]
        with pytest.raises(DeviceError, match="cannot be listened to"):
            OscReceiver(port=receiver.port)
    finally:
        receiver.close()


def test_what_is_no_osc_is_passed_over() -> None:
    pytest.importorskip("pythonosc")
    receiver = OscReceiver(port=0)
    try:
        for content in (b"", b"hello", b"/genstudio/seed\x00,i\x00\x00", b"\xff" * 200):
            send_bytes(receiver.port, content)
        # Well formed, and therefore the last that is heard of.
        send_osc(receiver.port, "/genstudio/still")
        # A seed without its number may be heard before it, as a message without arguments.
        found = receiver.messages.get(timeout=PATIENCE_S)
        while found.address != "still":
            found = receiver.messages.get(timeout=PATIENCE_S)
        assert found == Message("still", ())
    finally:
        receiver.close()


def test_without_the_pack_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match="pack “live”"):
        OscReceiver()
