"""Further ways on, on the Explore view: a picture of one's own, zones, and kept places."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton, QVBoxLayout, QWidget

from genstudio.data.formats import SUFFIXES
from genstudio.domain.language import tr
from genstudio.ui.icons import icon
from genstudio.ui.pages.explore_parts import heading
from genstudio.ui.state.exploring import ExploringState
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.place_slots import PlaceSlots
from genstudio.ui.widgets.zone_rows import ZoneRows


class ExploreMore(QWidget):
    """What lies beside the plane and the sliders.

    Args:
        state: Whose place is changed.
        chosen_seed: Gives the seed that is chosen among the pictures to begin with.
    """

    def __init__(
        self,
        state: ExploringState,
        chosen_seed: Callable[[], int | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._chosen_seed = chosen_seed
        self._is_seeking = False
        self._step = QLabel()
        self._step.setObjectName("explore.step")
        self._step.setWordWrap(True)
        mark(self._step, role="small")
        self._picture = QPushButton(tr("Start from my picture…"))
        self._picture.setObjectName("explore.own")
        self._picture.setIcon(icon("image-plus"))
        self._picture.setToolTip(
            tr(
                "Finds the place at which this model draws what is most like your picture, and "
                "puts it at the top left corner"
            )
        )
        self._picture.clicked.connect(self._on_picture)
        self._zone_title = heading(tr("Parts of another seed"))
        self._zones = ZoneRows()
        self._zones.style_changed.connect(state.take_zone)
        self._zones.chosen_wanted.connect(self._on_chosen)
        self._zones.gallery_wanted.connect(self._on_gallery)
        self._slots = PlaceSlots()
        self._slots.kept.connect(state.keep_slot)
        self._slots.wanted.connect(state.go_to_slot)
        self._slots.forgotten.connect(state.forget_slot)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._step)
        layout.addWidget(self._picture)
        layout.addWidget(heading(tr("Kept places")))
        layout.addWidget(self._slots)
        layout.addWidget(self._zone_title)
        layout.addWidget(self._zones)
        state.model_changed.connect(self._on_model)
        state.moved.connect(lambda: self._zones.show_styles(state.place.styles))
        state.picture_sought.connect(self._on_sought)
        state.slots_changed.connect(lambda: self._slots.show_names(list(state.slots)))
        self._on_model()

    def _on_model(self) -> None:
        state = self._state
        self._zone_title.setVisible(state.has_zones)
        self._zones.setVisible(state.has_zones)
        self._picture.setVisible(state.takes_pictures)
        self._slots.setEnabled(state.run is not None)
        words = tr("Step {step:,}", step=state.step)
        if state.follows:
            words = tr(
                "It is being trained. Shown is its newest point, step {step:,}; newer ones are "
                "taken over, and your place stays.",
                step=state.step,
            )
        self._step.setText(words if state.step else "")
        self._step.setVisible(bool(state.step))

    def _on_picture(self) -> None:
        if self._is_seeking:
            self._state.give_up_picture()
            return
        path = self._asked(tr("Choose a picture to start from"), Path.home())
        if path is not None:
            self._state.find_picture(path, corner=0)

    def _on_sought(self, done: int, total: int) -> None:
        self._is_seeking = total > 0
        self._picture.setText(
            tr("Finding it: {share:.0%} — stop", share=done / total)
            if total
            else tr("Start from my picture…")
        )

    def _on_chosen(self, zone: str) -> None:
        seed = self._chosen_seed()
        if seed is not None:
            self._state.take_zone(zone, seed)

    def _on_gallery(self, zone: str) -> None:
        run = self._state.run
        if run is None:
            return
        path = self._asked(tr("Choose a picture that this run made"), run.parent.parent / "gallery")
        if path is not None:
            self._state.take_zone_of_picture(zone, path)

    def _asked(self, title: str, begin: Path) -> Path | None:
        kinds = tr("Pictures ({kinds})", kinds=" ".join(f"*{it}" for it in sorted(SUFFIXES)))
        chosen, _ = QFileDialog.getOpenFileName(self, title, str(begin), kinds)
        return Path(chosen) if chosen else None
