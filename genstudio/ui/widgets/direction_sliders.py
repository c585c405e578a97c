"""Sliders along the directions of a model, each with a name that a person gives it."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QLineEdit,
    QPushButton,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.wheel import ignore_wheel_unless_focused

_FIRST = 8
# A slider counts whole numbers: tenths of a sigma.
_PARTS = 10
_MOST_SIGMAS = 4


class DirectionSliders(QWidget):
    """One row for each direction.

    Signals:
        moved(int, float, bool): Number of a direction from 1 on, sigmas, and whether the
            movement goes on.
        named(int, str): What a person called a direction.
    """

    moved = Signal(int, float, bool)
    named = Signal(int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sliders: dict[int, QSlider] = {}
        self._names: dict[int, QLineEdit] = {}
        # The slider that is dragged and has moved since it was taken hold of.
        self._dragged = 0
        self._shares: tuple[float, ...] = ()
        self._num_shown = _FIRST
        self._rows = QGridLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setHorizontalSpacing(GRID_PX)
        self._rows.setVerticalSpacing(GRID_PX // 2)
        self._rows.setColumnStretch(1, 1)
        self._more = QPushButton(tr("More directions"))
        self._more.setObjectName("explore.more")
        mark(self._more, flat=True)
        self._more.clicked.connect(self._on_more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._rows)
        layout.addWidget(self._more)
        self._more.hide()

    def show_directions(self, shares: Sequence[float], names: Mapping[int, str]) -> None:
        """Offer these directions.

        Args:
            shares: Of each, share of the variation between pictures.
            names: Number => what a person called it.
        """
        if tuple(shares) != self._shares:
            self._shares = tuple(shares)
            self._num_shown = _FIRST
            self._fill()
        for number, edit in self._names.items():
            if not edit.hasFocus():
                edit.setText(names.get(number, ""))
            self._describe(number)

    def show_moves(self, moves: Mapping[int, float]) -> None:
        """Put the sliders where the place is."""
        for number, slider in self._sliders.items():
            slider.blockSignals(True)
            slider.setValue(round(_PARTS * moves.get(number, 0.0)))
            slider.blockSignals(False)
            self._describe(number)

    def _on_more(self) -> None:
        self._num_shown = len(self._shares)
        self._fill()

    def _fill(self) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        kept = {number: edit.text() for number, edit in self._names.items()}
        moves = {number: slider.value() for number, slider in self._sliders.items()}
        self._sliders, self._names = {}, {}
        for number, share in enumerate(self._shares[: self._num_shown], start=1):
            self._add(number, share, kept.get(number, ""), moves.get(number, 0))
        self._more.setVisible(self._num_shown < len(self._shares))

    def _add(self, number: int, share: float, name: str, value: int) -> None:
        edit = QLineEdit(name)
        edit.setObjectName(f"explore.name.{number}")
        edit.setPlaceholderText(tr("Direction {number}", number=number))
        edit.setAccessibleName(tr("Name of direction {number}", number=number))
        edit.setToolTip(tr("Call it what it does, such as “lighter”; kept for this model"))
        edit.setMaximumWidth(15 * GRID_PX)
        edit.editingFinished.connect(lambda: self._on_named(number))
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setObjectName(f"explore.direction.{number}")
        slider.setRange(-_MOST_SIGMAS * _PARTS, _MOST_SIGMAS * _PARTS)
        slider.setSingleStep(_PARTS // 5)
        slider.setPageStep(_PARTS)
        slider.setValue(value)
        slider.setToolTip(
            tr(
                "{share:.0%} of what differs between its pictures; the number puts it back to "
                "the middle",
                share=share,
            )
        )
        ignore_wheel_unless_focused(slider)
        slider.valueChanged.connect(lambda _: self._on_moved(number))
        slider.sliderPressed.connect(self._on_held)
        slider.sliderReleased.connect(self._on_held)
        figure = QToolButton()
        figure.setObjectName(f"explore.sigmas.{number}")
        figure.setMinimumWidth(4 * GRID_PX)
        figure.setToolTip(tr("Back to the middle"))
        figure.setAccessibleName(tr("Direction {number} back to the middle", number=number))
        figure.clicked.connect(lambda: slider.setValue(0))
        row = self._rows.rowCount()
        for column, widget in enumerate((edit, slider, figure)):
            self._rows.addWidget(widget, row, column)
        self._sliders[number], self._names[number] = slider, edit
        self._describe(number)

    def _on_moved(self, number: int) -> None:
        slider = self._sliders[number]
        self._describe(number)
        goes_on = slider.isSliderDown() and self._dragged == number
        self._dragged = number if slider.isSliderDown() else 0
        self.moved.emit(number, slider.value() / _PARTS, goes_on)

    def _on_held(self) -> None:
        self._dragged = 0

    def _on_named(self, number: int) -> None:
        edit = self._names[number]
        if edit.isModified():
            edit.setModified(False)
            self.named.emit(number, edit.text().strip())

    def _describe(self, number: int) -> None:
        slider, name = self._sliders[number], self._names[number].text()
        sigmas = slider.value() / _PARTS
        slider.setAccessibleName(name or tr("Direction {number}", number=number))
        slider.setAccessibleDescription(tr("{sigmas:+.1f} sigmas", sigmas=sigmas))
        figure = self.findChild(QToolButton, f"explore.sigmas.{number}")
        if figure is not None:
            figure.setText(tr("{sigmas:+.1f}", sigmas=sigmas) if sigmas else "0")
