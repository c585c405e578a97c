"""The question before a run goes on from an older checkpoint."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

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
    box.setWindowTitle("Go back")
    box.setText(f"Go back to step {step:,}?")
    box.setInformativeText(
        f"{_moved(later)} to the system's trash. The run continues from here.\n\n"
        "A branch continues from here as a new run and leaves this one as it is."
    )
    back = box.addButton("Go back and continue", QMessageBox.ButtonRole.AcceptRole)
    aside = box.addButton("Branch instead", QMessageBox.ButtonRole.ActionRole)
    cancel = box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(cancel)
    box.setEscapeButton(cancel)
    back.clicked.connect(go_back)
    aside.clicked.connect(branch)
    box.open()


def _moved(later: Sequence[CheckpointInfo]) -> str:
    starred = sum(checkpoint.is_starred for checkpoint in later)
    stars = f" ({starred:,} of them starred)" if starred else ""
    if len(later) == 1:
        stars = " (it is starred)" if starred else ""
        return f"The later saved point{stars} and its previews move"
    return f"The {counted(len(later), 'later saved point')}{stars} and their previews move"
