"""Losses, speed, time left: what the window shows while a run goes on."""

import pytest
import torch

from genstudio.domain.errors import RunawayError
from genstudio.engine.meters import LossMeter, RateLimit, Speedometer, Stopwatch


def test_a_loss_is_the_mean_since_it_was_last_read() -> None:
    meter = LossMeter()
    for critic, painter in ((1.0, 2.0), (3.0, 6.0)):
        meter.add({"critic": torch.tensor(critic), "painter": torch.tensor(painter)})
    meter.add({"critic": torch.tensor(5.0)})

    assert meter.read(3) == {"critic": 3.0, "painter": 4.0}
    assert meter.read(4) == {}
    meter.add({"critic": torch.tensor(7.0)})
    assert meter.read(5) == {"critic": 7.0}


def test_losses_in_low_precision_are_summed_in_full() -> None:
    meter = LossMeter()
    for _ in range(1000):
        meter.add({"loss": torch.tensor(1.0, dtype=torch.bfloat16)})

    assert meter.read(1000) == {"loss": 1.0}


def test_adding_changes_no_tensor_of_the_model() -> None:
    meter = LossMeter()
    loss = torch.tensor(1.0)
    meter.add({"loss": loss})
    meter.add({"loss": loss})

    assert loss.item() == 1.0


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), float("-inf")])
def test_a_loss_that_is_no_number_stops_the_run_by_name(broken: float) -> None:
    meter = LossMeter()
    meter.add({"critic": torch.tensor(1.0), "painter": torch.tensor(broken)})

    with pytest.raises(RunawayError, match="The numbers ran away") as caught:
        meter.read(12)
    assert "“painter”" in caught.value.message
    assert "step 12" in caught.value.message


def test_a_rate_limit_allows_the_first_and_then_one_in_an_interval() -> None:
    limit = RateLimit(4)
    times_s = [0.0, 0.1, 0.2, 0.25, 0.3, 10.0, 10.1, 10.25]

    assert [limit.allows(now_s) for now_s in times_s] == [
        True, False, False, True, False, True, False, True,
    ]  # fmt: skip


def test_speed_and_time_left_need_something_to_compare() -> None:
    speed = Speedometer()
    assert (speed.images_per_s(), speed.eta_s()) == (0.0, None)
    speed.add(5.0, 100, 0.25)
    assert (speed.images_per_s(), speed.eta_s()) == (0.0, None)

    speed.add(7.0, 140, 0.5)
    assert speed.images_per_s() == pytest.approx(20)
    # A quarter took two seconds, and a half is left.
    assert speed.eta_s() == pytest.approx(4)


def test_speed_is_that_of_the_last_seconds() -> None:
    speed = Speedometer(window_s=10)
    for second in range(100):
        speed.add(second, 10 * second, second / 1000)
    for second in range(100, 115):
        speed.add(second, 990 + 50 * (second - 99), second / 1000)

    assert speed.images_per_s() == pytest.approx(50)


def test_a_budget_that_stands_still_has_no_end_in_sight() -> None:
    speed = Speedometer()
    speed.add(0.0, 0, 0.5)
    speed.add(1.0, 10, 0.5)

    assert speed.eta_s() is None


def test_no_time_at_all_is_no_division_by_zero() -> None:
    speed = Speedometer()
    speed.add(1.0, 0, 0.0)
    speed.add(1.0, 10, 0.5)

    assert speed.images_per_s() > 0
    assert speed.eta_s() == 0


def test_a_speedometer_stays_small_however_long_a_run_is() -> None:
    speed = Speedometer(window_s=10)
    for tick in range(10_000):
        speed.add(tick / 10, tick, tick / 10_000)

    assert len(speed._points) < 120


def test_laps_follow_each_other_without_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 5.0
    monkeypatch.setattr(Stopwatch, "now_s", lambda _: now_s)
    stopwatch = Stopwatch()
    now_s = 7.5
    assert stopwatch.lap_s() == 2.5
    assert stopwatch.lap_s() == 0.0
    now_s = 8.0
    assert stopwatch.lap_s() == 0.5
