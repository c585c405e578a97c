"""The question before a run goes to the trash."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from genstudio.domain.language import tr
from genstudio.domain.runs import RunSummary
from genstudio.ui.run_words import counted, disk_size, run_title
from genstudio.ui.theme import mark


def ask_before_removing_run(window: QWidget, run: RunSummary, remove: Callable[[], None]) -> None:
    """Ask, and say how much would go; does not wait for the answer."""
    num_bytes = sum(checkpoint.num_bytes for checkpoint in run.checkpoints)
    box = QMessageBox(window)
    box.setObjectName("dialog.removing_run")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(tr("Move a run to the trash"))
    box.setText(tr("Move this run to the system's trash?"))
    box.setInformativeText(
        tr(
            "{run_title}\n\nIt took {counted} and has {counted2}, {disk_size} on the disk. Its "
            "previews go too; pictures in the Gallery stay.",
            run_title=run_title(run, is_live=False),
            counted=counted(run.step, "step"),
            counted2=counted(len(run.checkpoints), "saved point"),
            disk_size=disk_size(num_bytes),
        )
    )
    yes = box.addButton(tr("Move to the trash"), QMessageBox.ButtonRole.DestructiveRole)
    mark(yes, danger=True)
    no = box.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(no)
    box.setEscapeButton(no)
    yes.clicked.connect(remove)
    box.open()
