"""The right side of the Dataset page: what the scan found, in plain words."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.datasets import PictureInfo, Remark, ScanReport
from genstudio.ui.state.dataset import DatasetState
from genstudio.ui.theme import GRID_PX, mark

_WIDTH_PX = 320
# What a remark means, in the words of the report: one picture, several, why it matters.
_MEANING = {
    Remark.DUPLICATE: ("looks like another", "look like others", "The model would favour them."),
    Remark.BLURRED: ("is blurred", "are blurred", "The model learns to blur as well."),
    Remark.TOO_LONG: ("is too long", "are too long", "They are left out."),
    Remark.SALT: (
        "is a salt",
        "are salts or mixtures",
        "The largest part is learned.",
    ),
    Remark.TINY: ("is tiny", "are tiny", "Enlarged, they teach the model soft edges."),
    Remark.ODD_ASPECT: (
        "is very wide or tall",
        "are very wide or tall",
        "Only the middle square is used.",
    ),
    Remark.TRANSPARENT: ("is see-through", "are see-through", "They are laid on white."),
    Remark.ANIMATED: ("is animated", "are animated", "The first frame is used."),
}


class DatasetReport(QScrollArea):
    """Advice and remarks, with buttons that show or leave out the pictures they are about.

    Signals:
        show_wanted(set[str]): Show these pictures.
    """

    show_wanted = Signal(object)

    def __init__(self, state: DatasetState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._report = QVBoxLayout()
        self._report.setSpacing(2 * GRID_PX)
        self._report.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        content = QFrame()
        mark(content, role="panel")
        content.setLayout(self._report)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(_WIDTH_PX)
        self.setMaximumWidth(2 * _WIDTH_PX)
        self.setWidget(content)
        self.setAccessibleName("Report on the pictures")

    def show_words(self, title: str, text: str) -> None:
        """Say something instead of a report."""
        _clear(self._report)
        self._report.addWidget(_paragraph(title, text))
        self._report.addStretch(1)

    def show_report(self, report: ScanReport) -> None:
        """Show another report, or the same anew."""
        _clear(self._report)
        beside = {advice.topic: advice.reason for advice in report.advice}
        for advice in report.advice:
            if not advice.topic:
                self._report.addWidget(_paragraph(advice.title, advice.reason))
        for remark, (one, several, why) in _MEANING.items():
            pictures = report.with_remark(remark)
            if pictures:
                title = f"{len(pictures):,} {one if len(pictures) == 1 else several}"
                reason = beside.get(remark.value, why)
                self._report.addWidget(self._remark_row(title, reason, pictures))
        if report.unreadable:
            lines = [f"{item.name}: {item.reason}" for item in report.unreadable[:20]]
            if len(report.unreadable) > len(lines):
                lines.append(f"… and {len(report.unreadable) - len(lines)} more")
            title = f"{len(report.unreadable):,} cannot be read"
            self._report.addWidget(_paragraph(title, "\n".join(lines)))
        self._report.addStretch(1)

    def _remark_row(self, title: str, why: str, pictures: list[PictureInfo]) -> QWidget:
        names = {picture.name for picture in pictures}
        row = _paragraph(title, why)
        show = QPushButton("Show")
        show.setAccessibleName(f"Show: {title}")
        show.clicked.connect(lambda: self.show_wanted.emit(names))
        is_out = names <= self._state.excluded
        change = QPushButton("Use again" if is_out else "Leave out")
        change.setAccessibleName(f"{change.text()}: {title}")
        act = self._state.include if is_out else self._state.exclude
        change.clicked.connect(lambda: act(names))
        buttons = QHBoxLayout()
        buttons.setContentsMargins(0, GRID_PX // 2, 0, 0)
        buttons.setSpacing(GRID_PX)
        buttons.addWidget(show)
        buttons.addWidget(change)
        buttons.addStretch(1)
        layout = row.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.addLayout(buttons)
        return row


def _paragraph(title: str, text: str) -> QWidget:
    widget = QWidget()
    widget.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
    layout = QVBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(GRID_PX // 4)
    for words, role in ((title, "heading"), (text, "muted")):
        label = QLabel(words)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        mark(label, role=role)
        layout.addWidget(label)
    return widget


def _clear(layout: QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
