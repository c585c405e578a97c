"""Opens the crop editor on what was chosen on the Dataset page."""

from PySide6.QtWidgets import QWidget

from genstudio.ui.bridge import Bridge
from genstudio.ui.dialogs.crops import CropDialog
from genstudio.ui.state.dataset import DatasetState
from genstudio.ui.studio_pages import StudioPages


class Cropping:
    """Between the Dataset page and the crop editor.

    Args:
        window: Where it is shown.
        bridge: Follows its work.
        state: Has the pictures.
        pages: Of the window.
    """

    def __init__(
        self, window: QWidget, bridge: Bridge, state: DatasetState, pages: StudioPages
    ) -> None:
        self._window, self._bridge, self._state = window, bridge, state
        pages.dataset.crop_wanted.connect(self._open)

    def _open(self, names: list[str]) -> None:
        CropDialog(self._window, self._bridge, self._state, names).open()
