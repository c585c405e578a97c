"""The right side of the Dataset page: what the scan found, in plain words."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.datasets import (
    GREYS,
    Advice,
    PictureInfo,
    Remark,
    ScanReport,
    UnreadablePicture,
    are_grey,
    by_remark,
)
from genstudio.domain.language import tr, tr_noop
from genstudio.ui.icons import icon
from genstudio.ui.state.dataset import DatasetState
from genstudio.ui.theme import GRID_PX, mark, roomy

_WIDTH_PX = 320
_MOST_REASONS, _MOST_NAMED = 12, 4
# What a remark means, in the words of the report: one picture, several, why it matters.
_MEANING = {
    Remark.DUPLICATE: (
        tr_noop("looks like another"),
        tr_noop("look like others"),
        tr_noop("The model would favour what it sees twice."),
    ),
    Remark.BLURRED: (
        tr_noop("is blurred"),
        tr_noop("are blurred"),
        tr_noop("The model learns to blur as well."),
    ),
    Remark.TOO_LONG: (
        tr_noop("is too long"),
        tr_noop("are too long"),
        tr_noop("What is too long is left out."),
    ),
    Remark.SALT: (
        tr_noop("is a salt"),
        tr_noop("are salts or mixtures"),
        tr_noop("The largest part is learned."),
    ),
    Remark.TINY: (
        tr_noop("is tiny"),
        tr_noop("are tiny"),
        tr_noop("What is enlarged teaches the model soft edges."),
    ),
    Remark.ODD_ASPECT: (
        tr_noop("is very wide or tall"),
        tr_noop("are very wide or tall"),
        tr_noop("Only the middle square is used."),
    ),
    Remark.GREY: (
        tr_noop("is grey"),
        tr_noop("are grey"),
        tr_noop("Among pictures in colour, the model makes some of both."),
    ),
    Remark.TRANSPARENT: (
        tr_noop("is see-through"),
        tr_noop("are see-through"),
        tr_noop("What is see-through is laid on white."),
    ),
    Remark.ANIMATED: (
        tr_noop("is animated"),
        tr_noop("are animated"),
        tr_noop("The first frame is used."),
    ),
}


def summary_of(report: ScanReport | None, used: Sequence[PictureInfo]) -> str:
    """How many pictures were found and will be used, in a line; empty before any are."""
    if report is None:
        return ""
    num_found, num_used = len(report.pictures), len(used)
    text = tr("{found:,} found · {used:,} will be used", found=num_found, used=num_used)
    return tr("{text} · grey", text=text) if are_grey(used) else text


def with_next_step(report: QWidget, go_on: SignalInstance) -> tuple[QWidget, QPushButton]:
    """The report above a button that leads on, for whoever does not know what comes next.

    Args:
        report: What stands above.
        go_on: Emitted by the button.

    Returns:
        Both in one widget, and the button.
    """
    button = QPushButton(tr("Next: let a model learn"))
    button.setObjectName("dataset.next")
    button.setIcon(icon("sparkles", "on_accent"))
    mark(button, primary=True)
    button.clicked.connect(go_on)
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(GRID_PX)
    layout.addWidget(report, 1)
    layout.addWidget(button)
    return column, button


class DatasetReport(QScrollArea):
    """Advice and remarks, with buttons that show or leave out the pictures they are about.

    Signals:
        show_wanted(set[str]): Show these pictures.
        range_wanted(): A person wants to choose what of many greys lies between black and white.
    """

    show_wanted = Signal(object)
    range_wanted = Signal()

    def __init__(self, state: DatasetState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._shown: ScanReport | None = None
        # Kept: the report is shown anew whenever a picture is taken out.
        self._by_remark: dict[Remark, frozenset[str]] = {}
        self._are_grey = False
        self._report = QVBoxLayout()
        self._report.setSpacing(2 * GRID_PX)
        self._report.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        content = QFrame()
        mark(content, role="panel")
        content.setLayout(self._report)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(roomy(_WIDTH_PX))
        self.setMaximumWidth(roomy(2 * _WIDTH_PX))
        self.setWidget(content)
        self.setAccessibleName(tr("Report on the pictures"))

    def show_words(self, title: str, text: str) -> None:
        """Say something instead of a report."""
        _clear(self._report)
        self._report.addWidget(_paragraph(title, text))
        self._report.addStretch(1)

    def show_report(self, report: ScanReport, *, has_sides: bool = False) -> None:
        """Show another report, or the same anew.

        Args:
            report: What to show.
            has_sides: It is learned as pictures that go in and others that come out: grey ones may
                well be one of the sides, and without them none would be left.
        """
        _clear(self._report)
        if report is not self._shown:
            self._shown = report
            self._by_remark = {
                remark: frozenset(it.name for it in pictures)
                for remark, pictures in by_remark(report.pictures).items()
            }
            self._are_grey = are_grey(report.pictures)
        beside = {advice.topic: advice.reason for advice in report.advice}
        for advice in report.advice:
            if advice.topic == GREYS:
                self._report.addWidget(self._greys_row(advice))
            elif not advice.topic:
                self._report.addWidget(_paragraph(advice.title, advice.reason))
        for remark, (one, several, why) in _MEANING.items():
            if has_sides and remark is Remark.GREY:
                continue
            pictures = self._by_remark.get(remark, frozenset())
            # Of a set that is grey throughout, the advice says so.
            if pictures and not (remark is Remark.GREY and self._are_grey):
                title = f"{len(pictures):,} {tr(one if len(pictures) == 1 else several)}"
                reason = beside.get(remark.value, tr(why))
                self._report.addWidget(self._remark_row(title, reason, pictures))
        if report.unreadable:
            title = tr("{num_unreadable:,} cannot be read", num_unreadable=len(report.unreadable))
            self._report.addWidget(_paragraph(title, "\n".join(_lines_about(report.unreadable))))
        if self._report.count() == 0:
            # Whoever sees an empty panel waits for something to come.
            words = tr("Nothing stands in the way"), tr("All could be read.")
            self._report.addWidget(_paragraph(*words))
        self._report.addStretch(1)

    def _greys_row(self, advice: Advice) -> QWidget:
        choose = QPushButton(tr("Choose the range…"))
        choose.setObjectName("dataset.range")
        choose.setAccessibleName(f"{choose.text()} {advice.title}")
        choose.clicked.connect(self.range_wanted)
        row = _paragraph(advice.title, advice.reason)
        _add_buttons(row, choose)
        return row

    def _remark_row(self, title: str, why: str, names: frozenset[str]) -> QWidget:
        row = _paragraph(title, why)
        show = QPushButton(tr("Show"))
        show.setAccessibleName(tr("Show: {title}", title=title))
        show.clicked.connect(lambda: self.show_wanted.emit(names))
        is_out = names <= self._state.excluded
        change = QPushButton(tr("Use again") if is_out else tr("Leave out"))
        change.setAccessibleName(f"{change.text()}: {title}")
        act = self._state.include if is_out else self._state.exclude
        change.clicked.connect(lambda: act(names))
        _add_buttons(row, show, change)
        return row


def _lines_about(unreadable: Sequence[UnreadablePicture]) -> list[str]:
    """Each reason once, the most frequent first, with the first files that it is true of."""
    named: dict[str, list[str]] = {}
    for item in unreadable:
        named.setdefault(item.reason, []).append(item.name)
    frequent = sorted(named.items(), key=lambda it: -len(it[1]))
    lines: list[str] = []
    for reason, names in frequent[:_MOST_REASONS]:
        some = ", ".join(names[:_MOST_NAMED])
        if len(names) > _MOST_NAMED:
            more = tr("… and {num_unreadable} more", num_unreadable=len(names) - _MOST_NAMED)
            some = f"{some} {more}"
        lines.append(f"{some}: {reason}")
    if left := sum(len(names) for _, names in frequent[_MOST_REASONS:]):
        lines.append(tr("… and {num_unreadable} more", num_unreadable=left))
    return lines


def _paragraph(title: str, text: str) -> QWidget:
    widget = QWidget()
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


def _add_buttons(paragraph: QWidget, *buttons: QPushButton) -> None:
    row = QHBoxLayout()
    row.setContentsMargins(0, GRID_PX // 2, 0, 0)
    row.setSpacing(GRID_PX)
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    layout = paragraph.layout()
    assert isinstance(layout, QVBoxLayout)
    layout.addLayout(row)


def _clear(layout: QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
