"""Spin boxes for whole and decimal numbers that step as the quantity deserves."""

import math
from decimal import Decimal

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox

# Learning rates go down to about this; smaller is taken for zero.
_DECIMALS = 9
_UNBOUNDED = 1e12
_SERIES = (1.0, 2.0, 5.0)
# Stylesheets do not reach the line inside a spin box; this lines it up with other inputs.
_MARGIN_PX = 6


class WholeBox(QSpinBox):
    """A whole number; logarithmic ones double and halve."""

    def __init__(self, minimum: int, maximum: int, *, logarithmic: bool = False) -> None:
        super().__init__()
        self._logarithmic = logarithmic
        self.setRange(minimum, maximum)
        self.setAccelerated(True)
        # The widest number would make the box, and with it the form, far too wide.
        self.setMinimumWidth(72)
        self.lineEdit().setTextMargins(_MARGIN_PX, 0, 0, 0)

    def stepBy(self, steps: int) -> None:
        """Step once or several times, up or down."""
        if not self._logarithmic:
            super().stepBy(steps)
            return
        value = self.value()
        for _ in range(abs(steps)):
            value = max(value * 2, 1) if steps > 0 else value // 2
        self.setValue(value)


class DecimalBox(QDoubleSpinBox):
    """A decimal number written without needless zeros; logarithmic ones step 1, 2, 5, 10."""

    def __init__(
        self, minimum: float | None, maximum: float | None, *, logarithmic: bool = False
    ) -> None:
        super().__init__()
        self._logarithmic = logarithmic
        low = -_UNBOUNDED if minimum is None else minimum
        high = _UNBOUNDED if maximum is None else maximum
        self.setDecimals(_DECIMALS)
        self.setRange(low, high)
        self.setSingleStep(_step(low, high))
        self.setMinimumWidth(72)
        self.lineEdit().setTextMargins(_MARGIN_PX, 0, 0, 0)

    def stepBy(self, steps: int) -> None:
        """Step once or several times, up or down."""
        if not self._logarithmic:
            super().stepBy(steps)
            return
        value = self.value()
        for _ in range(abs(steps)):
            value = step_logarithmically(value, up=steps > 0)
        self.setValue(value)

    def textFromValue(self, value: float) -> str:
        """0.0002 as “0.0002”, 30.0 as “30”."""
        text = format(Decimal(f"{value:.7g}"), "f")
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        return text.replace(".", self.locale().decimalPoint())

    def valueFromText(self, text: str) -> float:
        """Read what was typed, with a point or a comma."""
        return _parse(text) or 0.0

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Take numbers within bounds; let a person go on typing where it may become one."""
        value = _parse(text)
        if value is None:
            may_become = all(character in "0123456789.,-eE+" for character in text)
            state = QValidator.State.Intermediate if may_become else QValidator.State.Invalid
        elif self.minimum() <= value <= self.maximum():
            state = QValidator.State.Acceptable
        else:
            state = QValidator.State.Intermediate
        return state, text, position


def step_logarithmically(value: float, *, up: bool) -> float:
    """Neighbour of a value in the series … 0.1, 0.2, 0.5, 1, 2, 5, 10.

    Below the smallest number that can be shown lies zero; negative values mirror.
    """
    if value < 0:
        return -step_logarithmically(-value, up=not up)
    smallest = 10.0**-_DECIMALS
    if value < smallest:
        return smallest * 1e3 if up else 0.0
    decade = math.floor(math.log10(value) + 1e-9)
    candidates = [
        digit * 10.0**power for power in (decade - 1, decade, decade + 1) for digit in _SERIES
    ]
    if up:
        return _rounded(next(item for item in candidates if item > value * (1 + 1e-6)))
    lower = _rounded(next(item for item in reversed(candidates) if item < value * (1 - 1e-6)))
    return lower if lower >= smallest else 0.0


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")


def _step(low: float, high: float) -> float:
    """A hundredth of the range or so, as 1, 0.1, 0.01 …; 1 where there is no range."""
    if high - low >= _UNBOUNDED:
        return 1.0
    return 10.0 ** max(-3, min(0, math.floor(math.log10((high - low) / 10))))


def _parse(text: str) -> float | None:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
