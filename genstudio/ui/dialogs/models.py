"""The questions which model to save and how, and whether to take one in."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import quoted, tr
from genstudio.domain.model_packages import SUFFIX, PackageList
from genstudio.domain.model_saving import SaveOptions
from genstudio.domain.runs import RunSummary
from genstudio.ui.dialogs.folders import choose_export, usual_export_folder
from genstudio.ui.forms import SettingsForm
from genstudio.ui.run_words import disk_size, run_title
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.place_row import PlaceRow
from genstudio.ui.widgets.small import named_combo

Save = Callable[[Path, Path, Mapping[str, Any]], None]
_WIDTH_PX = 70 * GRID_PX


def ask_which_model_to_save(window: QWidget, runs: Sequence[RunSummary], save: Save) -> None:
    """Ask, and have it saved; does not wait for the answer.

    Args:
        window: Where to ask.
        runs: Those that have checkpoints, the one to begin with first.
        save: Called with the run, the folder, and the options.
    """
    _SaveDialog(window, runs, save).open()


def ask_for_package(window: QWidget) -> Path | None:
    """Ask for a model package; None if a person changed their mind."""
    kinds = tr("Model packages (*{suffix})", suffix=SUFFIX)
    chosen, _ = QFileDialog.getOpenFileName(window, tr("Choose a model package"), "", kinds)
    return Path(chosen) if chosen else None


def ask_for_signed_file(window: QWidget) -> Path | None:
    """Ask for a file whose origin is to be looked at; None if a person changed their mind."""
    kinds = tr("Pictures, films, sounds (*.png *.jpg *.jpeg *.webp *.tif *.gif *.mp4 *.mov *.flac "
               "*.wav *.mp3 *.pdf)")  # fmt: skip
    return _ask_for_file(window, tr("Choose a file to see where it comes from"), kinds)


def ask_for_made_file(window: QWidget) -> Path | None:
    """Ask for a file that is to be made again; None if a person changed their mind."""
    return _ask_for_file(window, tr("Choose a file to make again"))


def _ask_for_file(window: QWidget, title: str, kinds: str = "") -> Path | None:
    chosen, _ = QFileDialog.getOpenFileName(window, title, "", kinds)
    return Path(chosen) if chosen else None


def ask_before_taking_in(
    window: QWidget, listed: PackageList, project: str, take_in: Callable[[], None]
) -> None:
    """Say what a package says of itself, and ask; does not wait for the answer."""
    box = QMessageBox(window)
    box.setObjectName("dialog.taking_in")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(tr("Take a model in"))
    box.setText(
        tr("Take “{title}” into the project “{project}”?", title=listed.title, project=project)
    )
    size = sum(it.size for it in listed.files.values())
    said = [
        tr("Architecture: {key}", key=listed.model_key),
        tr("Author: {author}", author=listed.author or tr("not named")),
        tr("Licence: {licence}", licence=listed.licence or tr("none is stated")),
        tr("Takes {size} on the disk", size=disk_size(size)),
    ]
    if listed.statement:
        said.append(quoted(listed.statement))
    box.setInformativeText("\n".join(said))
    yes = box.addButton(tr("Take it in"), QMessageBox.ButtonRole.AcceptRole)
    yes.setObjectName("taking_in.yes")
    no = box.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(yes)
    box.setEscapeButton(no)
    yes.clicked.connect(take_in)
    box.open()


class _SaveDialog(QDialog):
    def __init__(self, window: QWidget, runs: Sequence[RunSummary], save: Save) -> None:
        super().__init__(window)
        self.setObjectName("dialog.save_model")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Save a model"))
        self.setMinimumWidth(min(_WIDTH_PX, window.window().width()))
        self._save = save
        heading = QLabel(tr("Save a model for others, or for other programs"))
        mark(heading, role="heading")
        heading.setWordWrap(True)
        summary = QLabel(
            tr(
                "Your pictures stay here: what goes along is what the model learned, the names of "
                "its classes, and the words of its captions."
            )
        )
        summary.setWordWrap(True)
        self._runs = named_combo("save_model.run", tr("Trained model — run"))
        for run in runs:
            self._runs.addItem(run_title(run, is_live=False), run.path)
        self._form = SettingsForm(SaveOptions)
        self._row = PlaceRow(
            "save_model", usual_export_folder(), lambda at, begin: choose_export(at, (), begin)
        )
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        start = buttons.addButton(tr("Save"), QDialogButtonBox.ButtonRole.AcceptRole)
        start.setObjectName("save_model.start")
        mark(start, primary=True)
        start.setDefault(True)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX + GRID_PX // 2)
        for widget in (heading, summary, self._runs, self._form, self._row):
            layout.addWidget(widget)
        layout.addWidget(buttons)

    def _on_accepted(self) -> None:
        if self._row.place is not None:
            self.accept()
            self._save(self._runs.currentData(), self._row.place, self._form.values())
