"""The report: every figure beside its floor, in words, always the same, and cancellable."""

from itertools import takewhile

import numpy as np
import pytest
from planted_pictures import COUNT, blurred, drawn_NHWC, noisy

from genstudio.domain.errors import DatasetError
from genstudio.domain.progress import Progress, with_result
from genstudio.domain.reports import Figure, Report
from genstudio.metrics import report
from genstudio.metrics.features import random_features
from genstudio.metrics.report import judge, judging

FIGURES = ("swd", "kid", "density", "coverage", "diversity")


def sds(figure: Figure) -> float:
    return (figure.value - figure.floor) / figure.floor_sd


@pytest.fixture(scope="module")
def good(real_NHWC: np.ndarray, good_NHWC: np.ndarray) -> Report:
    made_NHWC = np.concatenate([noisy(real_NHWC[:12], 0.02), good_NHWC[12:]])
    held_out_NHWC = drawn_NHWC(60, seed=7)
    return judge(made_NHWC, real_NHWC, training_NHWC=real_NHWC, held_out_NHWC=held_out_NHWC)


def test_pictures_of_the_same_class_are_at_the_floor(good: Report) -> None:
    for name in FIGURES:
        figure = getattr(good, name)
        assert abs(sds(figure)) <= 2, name
        assert figure.sd > 0, name
    assert "cannot be told" in good.kid.verdict
    assert "All kinds" in good.coverage.verdict


def test_it_says_what_it_was_made_from(good: Report) -> None:
    assert good.count == COUNT
    assert good.features == random_features().digest
    assert [level.side for level in good.swd_levels] == [32, 16]
    assert good.swd.value == pytest.approx(np.mean([level.value for level in good.swd_levels]))
    assert Report.model_validate_json(good.model_dump_json()) == good


def test_copies_are_told_with_the_pairs_to_look_at(good: Report) -> None:
    assert good.copying is not None
    assert 0.04 <= good.copying.value <= 0.08
    assert good.copying.floor <= 0.04
    assert "look at the nearest pairs" in good.copying.verdict
    assert len(good.copying.pairs) == 16
    distances = [pair.distance for pair in good.copying.pairs]
    assert distances == sorted(distances)
    # Indices are those of what was given, whatever order it was looked at in.
    assert {(pair.made, pair.training) for pair in good.copying.pairs[:12]} == {
        (index, index) for index in range(12)
    }


def test_bad_pictures_are_told_in_words(real_NHWC: np.ndarray, good_NHWC: np.ndarray) -> None:
    bad = judge(noisy(blurred(good_NHWC, 1.0), 0.05), real_NHWC, count=100)

    assert bad.count == 100
    assert bad.copying is None
    assert sds(bad.swd) > 5
    assert sds(bad.kid) > 10
    assert sds(bad.density) < -3
    assert "can easily be told" in bad.kid.verdict
    assert "unlike any of yours" in bad.density.verdict


def test_the_same_pictures_get_the_same_report(real_NHWC: np.ndarray) -> None:
    made_NHWC = drawn_NHWC(40, seed=3)

    assert judge(made_NHWC, real_NHWC) == judge(made_NHWC, real_NHWC)


def test_progress_is_told_and_whoever_stops_reading_has_cancelled(
    real_NHWC: np.ndarray, good_NHWC: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = with_result(judging(good_NHWC[:40], real_NHWC[:80]))
    told = list(takewhile(lambda item: isinstance(item, Progress), items))
    assert [item.done for item in told] == list(range(1, told[-1].total + 1))

    def never(*_: object) -> None:
        raise AssertionError("the work went on")

    cancelled = judging(good_NHWC[:40], real_NHWC[:80])
    assert isinstance(next(cancelled), Progress)
    monkeypatch.setattr(report, "Yardstick", never)
    cancelled.close()


def test_there_are_as_many_on_both_sides_and_not_too_few(
    real_NHWC: np.ndarray, good_NHWC: np.ndarray
) -> None:
    assert judge(good_NHWC, real_NHWC[:60]).count == 30
    with pytest.raises(DatasetError, match="too few") as refused:
        judge(good_NHWC[:15], real_NHWC)
    assert refused.value.hint
