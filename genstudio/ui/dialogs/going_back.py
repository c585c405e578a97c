"""The question before a run goes on from an older checkpoint."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from genstudio.domain.language import tr
from genstudio.domain.runs import CheckpointInfo
from genstudio.ui.run_words import counted


def ask_before_going_back(
    window: QWidget,
    step: int,
    later: Sequence[CheckpointInfo],
    *,
    go_back: Callable[[], None],
    branch: Callable[[], None],
) -> None:
    """Ask whether to give up what came later; does not wait for the answer.

    Args:
        window: Where to ask.
        step: Where the run would go on.
        later: The checkpoints that would go to the trash.
        go_back: Called if they may.
        branch: Called if a new run shall begin there instead.
    """
    box = QMessageBox(window)
    box.setObjectName("dialog.going_back")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(tr("Go back"))
    box.setText(tr("Go back to step {step:,}?", step=step))
    box.setInformativeText(
        tr(
            "{moved} to the system's trash. The run continues from here.\n\nA branch continues "
            "from here as a new run and leaves this one as it is.",
            moved=_moved(later),
        )
    )
    back = box.addButton(tr("Go back and continue"), QMessageBox.ButtonRole.AcceptRole)
    aside = box.addButton(tr("Branch instead"), QMessageBox.ButtonRole.ActionRole)
    cancel = box.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(cancel)
    box.setEscapeButton(cancel)
    back.clicked.connect(go_back)
    aside.clicked.connect(branch)
    box.open()


def _moved(later: Sequence[CheckpointInfo]) -> str:
    starred = sum(checkpoint.is_starred for checkpoint in later)
    stars = tr(" ({starred:,} of them starred)", starred=starred) if starred else ""
    if len(later) == 1:
        stars = tr(" (it is starred)") if starred else ""
        return tr("The later saved point{stars} and its previews move", stars=stars)
    return tr(
        "The {counted}{stars} and their previews move",
        counted=counted(len(later), "later saved point"),
        stars=stars,
    )
