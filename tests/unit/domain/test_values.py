"""What files may claim stays within what can be counted and shown."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from genstudio.domain.values import Count, Moment, Seconds


@pytest.mark.parametrize(
    ("kind", "allowed", "refused"),
    [
        (Count, [0, 2**63 - 1], [-1, 2**63, 10**400, 0.5]),
        (Seconds, [0, 1e12], [-1e-9, 1.1e12, float("inf"), float("nan")]),
        (
            Moment,
            [datetime(1971, 1, 1, tzinfo=UTC), "8999-12-31T23:59:59-23:59"],
            ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1970-12-31T00:00:00"],
        ),
    ],
)
def test_only_what_can_be_shown_is_let_in(
    kind: Any, allowed: list[Any], refused: list[Any]
) -> None:
    adapter = TypeAdapter(kind)
    for value in allowed:
        adapter.validate_python(value)
    for value in refused:
        with pytest.raises(ValidationError):
            adapter.validate_python(value)


def test_what_is_let_in_can_be_shown() -> None:
    assert str(timedelta(seconds=1e12))
    assert np.array([2**63 - 1]).dtype == np.int64
    for year in (1971, 8999):
        assert datetime(year, 12, 31, tzinfo=UTC).astimezone().year
