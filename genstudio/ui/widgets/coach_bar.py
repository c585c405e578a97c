"""The lines that say how a run is doing and what is going on, and offer what to do about it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from genstudio.domain.events import CHANGED, HEALTHY, Advice, CoachAction
from genstudio.domain.language import quoted, tr
from genstudio.ui.icons import IconLabel, icon
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.named_label import NamedLabel
from genstudio.ui.widgets.why_popup import WhyPopup

# Room for a line of the coach above one of what is going on, and for the buttons.
_HEIGHT_PX = 7 * GRID_PX


class CoachBar(QFrame):
    """Above, the coach's newest word, which only a newer one replaces; below, what is going on.

    Signals:
        keep_wanted(): The run that it speaks of shall go on.
        action_wanted(CoachAction): A person agrees to what was offered, or takes it back.
    """

    keep_wanted = Signal()
    action_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumHeight(_HEIGHT_PX)
        self._said: Advice | None = None
        self._way_back: CoachAction | None = None
        self._taken_back: CoachAction | None = None
        self._is_live = False
        self._is_alarm = False
        self._icon = IconLabel("info", 20)
        self._verdict = ElidedLabel()
        self._verdict.setObjectName("train.verdict")
        self._verdict.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByKeyboard)
        mark(self._verdict, role="heading")
        self._text = NamedLabel(tr("What is going on"))
        self._text.setObjectName("train.coach")
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._why = QPushButton(tr("Why?"))
        self._why.setObjectName("train.why")
        self._why.clicked.connect(self._on_why)
        self._popup = WhyPopup(self)
        self._act = QPushButton()
        self._act.setObjectName("train.coach_action")
        self._act.clicked.connect(self._on_act)
        self._keep = QPushButton(tr("Keep learning"))
        self._keep.setObjectName("train.resume_here")
        self._keep.setIcon(icon("rotate-ccw", "on_accent"))
        mark(self._keep, primary=True)
        self._keep.clicked.connect(self.keep_wanted)
        self._lay_out()
        self.say("")
        self.show_verdict(None)

    # --- what is going on ---------------------------------------------------------------

    def say(self, text: str, *, is_warning: bool = False, offers_keeping: bool = False) -> None:
        """Say something else about what is going on.

        Args:
            text: Plain words.
            is_warning: It needs care.
            offers_keeping: Have a button that lets the run go on.
        """
        self._text.setText(text)
        self._is_alarm = is_warning
        self._keep.setVisible(offers_keeping)
        self._update_look()

    def allow_keeping(self, *, is_allowed: bool) -> None:
        """Say whether the button can be pressed."""
        self._keep.setEnabled(is_allowed)

    # --- how the run is doing -----------------------------------------------------------

    def show_verdict(self, said: Advice | None) -> None:
        """Show the coach's newest word on the run; None if there was none yet."""
        self._said = said
        self._popup.close()
        if said is None:
            self._way_back = self._taken_back = None
        elif said.topic == CHANGED:
            # What was taken back needs no way back.
            is_taken_back = self._taken_back is not None
            self._way_back = None if is_taken_back else said.action
            self._taken_back = None
        self._verdict.set_text(said.title if said else "")
        told = f"{said.title}. {said.message}" if said else ""
        self._verdict.setAccessibleName(
            tr("The coach: {told}", told=told) if told else tr("The coach")
        )
        self._verdict.setAccessibleDescription(said.evidence if said else "")
        self._why.setAccessibleName(tr("Why? {title}", title=said.title) if said else tr("Why?"))
        self._why.setToolTip(tr("What was seen, in figures"))
        self._update_look()

    def set_live(self, *, is_live: bool) -> None:
        """Say whether the run is under way, so that something can be done about it."""
        self._is_live = is_live
        self._update_look()

    def _offer(self) -> CoachAction | None:
        """The one thing that can be done now: what is offered last, or the way back."""
        if self._said is None or not self._is_live:
            return None
        if self._said.topic == CHANGED:
            return self._way_back
        return self._said.action or self._way_back

    def _update_look(self) -> None:
        said, offer = self._said, self._offer()
        needs_care = self._is_alarm or (said is not None and said.level == "warning")
        if needs_care:
            self._icon.set_icon("triangle-alert", "warning")
        elif said is not None and said.topic == HEALTHY:
            self._icon.set_icon("check", "good")
        else:
            self._icon.set_icon("info", "accent")
        self._icon.setVisible(needs_care or said is not None)
        self._verdict.setVisible(said is not None)
        self._why.setVisible(said is not None)
        self._act.setVisible(offer is not None)
        self._act.setEnabled(True)
        if offer is not None:
            self._act.setText(offer.label)
            self._act.setToolTip(what_it_does(offer))
            self._act.setAccessibleName(f"{offer.label}. {what_it_does(offer)}")
            is_back = offer == self._way_back
            self._act.setIcon(icon("undo" if is_back else "check" if offer.setting else "square"))
        mark(self, role="alert" if needs_care else "")

    def _on_why(self) -> None:
        if self._said is not None:
            offer = self._offer()
            remedy = f"{quoted(offer.label)}: {what_it_does(offer)}" if offer else ""
            self._popup.explain(self._said, self._why, remedy=remedy)

    def _on_act(self) -> None:
        offer = self._offer()
        if offer is None:
            return
        # Until the run answers: once is enough.
        self._act.setEnabled(False)
        self._taken_back = offer if offer == self._way_back else None
        self.action_wanted.emit(offer)

    def _lay_out(self) -> None:
        lines = QVBoxLayout()
        lines.setSpacing(0)
        lines.addStretch(1)
        lines.addWidget(self._verdict)
        lines.addWidget(self._text)
        lines.addStretch(1)
        row = QHBoxLayout(self)
        row.setSpacing(GRID_PX)
        row.setContentsMargins(GRID_PX, GRID_PX // 2, GRID_PX, GRID_PX // 2)
        row.addWidget(self._icon)
        row.addLayout(lines, 1)
        for button in (self._why, self._act, self._keep):
            row.addWidget(button)


def what_it_does(action: CoachAction) -> str:
    """What pressing the button changes, in a sentence."""
    if not action.setting:
        return tr("Saves the run and ends it here; it can go on later.")
    values = tr(
        "{shown} instead of {shown2}", shown=_shown(action.value), shown2=_shown(action.before)
    )
    return tr(
        "From the next step on, {setting} is {values}. It can be taken back.",
        setting=action.setting,
        values=values,
    )


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
