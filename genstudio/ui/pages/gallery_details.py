"""The selected picture of the gallery, large, with its recipe, rating and tags."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QHideEvent, QKeySequence
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.artifacts.catalog import kind_of_file
from genstudio.domain.artifacts import CLIP
from genstudio.domain.language import tr, trn
from genstudio.services import studio, studio_examples
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.sound_playing import is_heard
from genstudio.ui.icons import icon
from genstudio.ui.recipe_words import RecipeWords, described
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.viewers.clip import ClipViewer
from genstudio.ui.viewers.sound import SoundViewer
from genstudio.ui.widgets.picture_view import PictureView
from genstudio.ui.widgets.pixel_loader import PixelLoader, Pixels
from genstudio.ui.widgets.thumbnail_loader import Stamp, stamp_of

_STARS = 5
_LEAST_PICTURE_PX = 8 * GRID_PX


class GalleryDetails(QFrame):
    """Shows one picture with its recipe; rates and tags all that are selected.

    Args:
        words: What recipes name.

    Signals:
        rated(int): So many stars for the selected pictures.
        tagged(list): These tags for the selected pictures.
        removed(): Move the selected pictures to the trash.
        copies_wanted(): Compare the selected pictures with what was learned from.
    """

    rated = Signal(int)
    tagged = Signal(list)
    removed = Signal()
    copies_wanted = Signal()

    def __init__(self, words: RecipeWords | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        mark(self, role="panel")
        self._words = words or RecipeWords()
        self._path: Path | None = None
        # The file may be painted over, or moved away, while it is shown.
        self._stamp: Stamp = None
        self._rating = 0
        self._loader = PixelLoader(studio.picture, self)
        self._loader.loaded.connect(self._on_loaded)
        self._view = PictureView()
        self._view.setObjectName("gallery.picture")
        self._view.setAccessibleName(tr("Selected picture"))
        self._view.set_placeholder(tr("Select a picture to see it large."))
        # In a low window the picture gives way, so that no field beside it loses its edge.
        self._view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self._view.setMinimumHeight(_LEAST_PICTURE_PX)
        self._recipe = QLabel()
        self._recipe.setObjectName("gallery.recipe")
        self._recipe.setTextFormat(Qt.TextFormat.PlainText)
        self._recipe.setWordWrap(True)
        self._recipe.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        mark(self._recipe, role="small")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX)
        self._sound = SoundViewer()
        self._clip = ClipViewer()
        self._clip.widget.setMinimumHeight(_LEAST_PICTURE_PX)
        self._stack = QStackedWidget()
        for widget in (self._view, self._sound.widget, self._clip.widget):
            self._stack.addWidget(widget)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self._recipe)
        layout.addLayout(self._make_rating())
        layout.addWidget(self._make_tags())
        self.show_items([])

    def show_items(self, items: Sequence[GalleryItem]) -> None:
        """Show the selected pictures: the first one large."""
        for widget in (*self._stars, self._tags, self._copies, self._trash):
            widget.setEnabled(bool(items))
        self._folder.setEnabled(len(items) == 1)
        if not items:
            self._show_picture(None)
            self._recipe.setText("")
            self._set_stars(0)
            self._tags.setText("")
            return
        first = items[0]
        is_other = first.path != self._path
        self._show_picture(first.path)
        said = studio_examples.said_of(first.path) if len(items) == 1 else ""
        self._recipe.setText(f"{said}\n{described(items, self._words)}".strip())
        self._set_stars(first.rating)
        tags = ", ".join(first.tags)
        # What a person is typing stays, and so does the cursor when there is nothing new.
        if is_other or not (self._tags.isModified() or self._tags.text() == tags):
            self._tags.setText(tags)

    def shutdown(self) -> None:
        """Let go of the thread before the window closes."""
        self._loader.stop()
        self._sound.shutdown()
        self._clip.shutdown()

    def hideEvent(self, event: QHideEvent) -> None:
        """A film that nobody sees is not played; whoever comes back begins it again."""
        super().hideEvent(event)
        if self._stack.currentWidget() is self._clip.widget:
            self._clip.clear("")
            self._path = self._stamp = None

    def show_file(self, path: Path) -> None:
        """Show a picture that is not in the gallery, such as a training preview."""
        self.show_items([])
        self._show_picture(path)
        self._recipe.setText(tr("Preview at step {step}", step=path.stem.lstrip("0") or "0"))
        self._folder.setEnabled(True)

    # --- building -----------------------------------------------------------------------

    def _make_rating(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(0)
        self._stars: list[QToolButton] = []
        for stars in range(1, _STARS + 1):
            star = QToolButton()
            star.setObjectName(f"gallery.star{stars}")
            star.setAccessibleName(trn("{number} star", "{number} stars", stars))
            star.setToolTip(tr("Rate; the same star again takes the rating away"))
            star.clicked.connect(lambda _checked=False, stars=stars: self._on_star(stars))
            self._stars.append(star)
            row.addWidget(star)
        self._copies = QToolButton()
        self._copies.setObjectName("gallery.copies")
        self._copies.setIcon(icon("scan-search"))
        self._copies.setToolTip(
            tr("Did it copy? Compare the selected pictures with those that were learned from")
        )
        self._copies.setAccessibleName(tr("Did it copy?"))
        self._copies.clicked.connect(self.copies_wanted)
        self._folder = QToolButton()
        self._folder.setIcon(icon("folder-open"))
        self._folder.setToolTip(tr("Show the file in its folder"))
        self._folder.setAccessibleName(tr("Show the file in its folder"))
        self._folder.clicked.connect(self._on_folder)
        self._trash = QToolButton()
        self._trash.setObjectName("gallery.trash")
        self._trash.setIcon(icon("trash-2"))
        undo = QKeySequence("Ctrl+Z").toString(QKeySequence.SequenceFormat.NativeText)
        self._trash.setToolTip(
            tr(
                "Move the selected pictures to the system's trash; {undo} brings them back",
                undo=undo,
            )
        )
        self._trash.setAccessibleName(tr("Move to trash"))
        self._trash.clicked.connect(self.removed)
        row.addStretch(1)
        row.addWidget(self._copies)
        row.addWidget(self._folder)
        row.addWidget(self._trash)
        return row

    def _make_tags(self) -> QLineEdit:
        self._tags = QLineEdit()
        self._tags.setObjectName("gallery.tags")
        self._tags.setAccessibleName(tr("Tags"))
        self._tags.setPlaceholderText(tr("Tags, with commas between them"))
        self._tags.editingFinished.connect(self._on_tags)
        return self._tags

    # --- reacting -----------------------------------------------------------------------

    def _show_picture(self, path: Path | None) -> None:
        stamp = None if path is None else stamp_of(path)
        if (path, stamp) == (self._path, self._stamp):
            return
        self._path, self._stamp = path, stamp
        player = _player_of(path, self._sound, self._clip)
        for other in (self._sound, self._clip):
            if other is not player:
                other.clear("")
        if path is not None and player is not None:
            self._loader.want([])
            player.show_result(path, None)
            self._turn_to(player.widget)
            return
        self._turn_to(self._view)
        self._loader.want([] if path is None else [path])
        if path is None:
            self._view.set_placeholder(tr("Select a picture to see it large."))
            self._view.set_picture(None)

    def _turn_to(self, widget: QWidget) -> None:
        """Show the picture or the player; what is hidden asks for no room."""
        for player in (self._sound.widget, self._clip.widget):
            is_shown = player is widget
            vertical = QSizePolicy.Policy.Preferred if is_shown else QSizePolicy.Policy.Ignored
            player.setSizePolicy(QSizePolicy.Policy.Preferred, vertical)
        self._stack.setCurrentWidget(widget)

    def _on_loaded(self, pixels: list[Pixels]) -> None:
        (picture,) = pixels
        if isinstance(picture, str):
            self._view.set_placeholder(picture)
            self._view.set_picture(None)
        else:
            self._view.set_picture(picture)

    def _set_stars(self, rating: int) -> None:
        self._rating = rating
        for stars, button in enumerate(self._stars, start=1):
            button.setIcon(icon("star", "accent" if stars <= rating else "disabled"))

    def _on_star(self, stars: int) -> None:
        self.rated.emit(0 if stars == self._rating else stars)

    def commit(self) -> None:
        """Keep what was typed and not left yet: a window that closes may not have had the focus."""
        self._on_tags()

    def _on_tags(self) -> None:
        if not self._tags.isModified():
            return  # Only looked at: other selected pictures keep their own tags.
        self._tags.setModified(False)
        words = (word.strip() for word in self._tags.text().split(","))
        self.tagged.emit([word for word in words if word])

    def _on_folder(self) -> None:
        if self._path is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._path.parent)))


def _player_of(
    path: Path | None, sound: SoundViewer, clip: ClipViewer
) -> SoundViewer | ClipViewer | None:
    """What plays a file; None for what is looked at."""
    if path is None:
        return None
    if is_heard(path):
        return sound
    kind = kind_of_file(path)
    return clip if kind is not None and kind.card.key == CLIP else None
