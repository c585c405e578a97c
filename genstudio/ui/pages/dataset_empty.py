"""What the Dataset page shows before a folder is open."""

from PySide6.QtCore import SignalInstance
from PySide6.QtWidgets import QPushButton

from genstudio.domain.language import tr
from genstudio.ui.theme import mark
from genstudio.ui.widgets.empty_state import EmptyState


def nothing_open(choose: SignalInstance, samples: SignalInstance) -> EmptyState:
    """Say what to do, and offer it.

    Args:
        choose: Emitted when a person wants to choose a folder.
        samples: Emitted when a person wants to try the built-in pictures.
    """
    empty = EmptyState(
        "images",
        tr("Drop a folder of pictures here"),
        tr(
            "Some hundred pictures of one kind of thing make a good start; sounds, music (MIDI), "
            "texts and molecules do as well. They are only read: nothing in your folder is "
            "changed, moved or copied elsewhere than into your project."
        ),
        tr("Choose a folder…"),
    )
    empty.triggered.connect(choose)
    button = QPushButton(tr("Or try it with built-in pictures of flowers"))
    button.setObjectName("dataset.samples")
    mark(button, flat=True)
    button.clicked.connect(samples)
    empty.add_below(button)
    return empty
