"""A value that follows its default until a person chooses another, and the button back."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QToolButton

from genstudio.domain.language import tr
from genstudio.ui.icons import icon


class Followed:
    """The value of an editor beside its default.

    Attributes:
        default: What is shown until a person chooses something else.
        is_own: Whether somebody did; then the value stands when the default becomes another.
    """

    def __init__(
        self, read: Callable[[], Any], show: Callable[[Any], None], default: Any = None
    ) -> None:
        self._read = read
        self._show = show
        self.default = default
        self.is_own = False

    def is_changed(self) -> bool:
        """Whether the value is another than the default."""
        return self._read() != self.default

    def note_own(self) -> None:
        """Take the value for one that somebody chose, if it is not the default."""
        self.is_own = self.is_changed()

    def follow(self, default: Any) -> None:
        """Have another default, and show it unless the value was chosen."""
        self.default = default
        if not self.is_own:
            self._show(default)

    def reset(self) -> None:
        """Go back to the default."""
        self.is_own = False
        self._show(self.default)


def small_button(icon_name: str, label: str) -> QToolButton:
    """Make a small button that stands beside an editor."""
    button = QToolButton()
    button.setIcon(icon(icon_name, "muted"))
    button.setIconSize(QSize(14, 14))
    button.setToolTip(label)
    button.setAccessibleName(label)
    return button


def back_button(name: str, words: str) -> QToolButton:
    """Make the button that leads back to the default; its place is kept while it is hidden.

    Args:
        name: Of the setting, for the button's ``objectName``.
        words: A painter's words for it.
    """
    button = small_button("rotate-ccw", tr("Back to the default: {words}", words=words))
    button.setObjectName(f"reset.{name}")
    policy = button.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    button.setSizePolicy(policy)
    return button
