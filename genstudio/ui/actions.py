"""Commands as data: one declaration each makes menu entry, shortcut, help, and button.

Keys that mean something only where one works with a part of the window are declared here as well,
so that the list of shortcuts is whole.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QMenu

from genstudio.domain.language import Spoken
from genstudio.ui.icons import icon


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Spoken):
    """Something a person can do from a menu or by a shortcut.

    Attributes:
        key: Name in code, ``menu.verb``.
        menu: Menu that it is in.
        title: What the menu says.
        help: A sentence for the status bar and the tooltip.
        shortcut: Portable key sequence.
        icon: Name of an icon, or none.
        group: Commands of one group exclude each other and carry a mark.
        separated: A line is drawn before it.
        words: Other words that it is looked for by.
    """

    spoken: ClassVar[frozenset[str]] = frozenset({"menu", "title", "help", "words"})

    key: str
    menu: str
    title: str
    help: str
    shortcut: str = ""
    icon: str = ""
    group: str = ""
    separated: bool = False
    words: str = ""

    @property
    def plain_title(self) -> str:
        """The title without the mark of its letter and without dots."""
        return self.title.replace("&", "").rstrip("…")


@dataclass(frozen=True, slots=True)
class Keys(Spoken):
    """Keys that mean something only in one part of the window: where, which, and what they do."""

    spoken: ClassVar[frozenset[str]] = frozenset({"where", "does"})

    where: str
    keys: str
    does: str


COMMANDS = (
    Command(
        key="project.choose_pictures",
        menu="&Project",
        title="Choose &pictures…",
        help="Choose the folder of pictures to learn from",
        shortcut="Ctrl+P",
        icon="images",
    ),
    Command(
        key="project.import_scans",
        menu="&Project",
        title="&Import scans…",
        help="Make pictures of DICOM, NIfTI and 16-bit files to learn from",
        icon="image-plus",
        words="medical dicom nifti tiff",
    ),
    Command(
        key="project.open",
        menu="&Project",
        title="&Open project…",
        help="Open a project folder with its runs and its gallery",
        shortcut="Ctrl+O",
        icon="folder-open",
        separated=True,
    ),
    Command(
        key="project.show_folder",
        menu="&Project",
        title="Show project &folder",
        help="Show the project's files in the system's file manager",
    ),
    Command(
        key="project.save_model",
        menu="&Project",
        title="Save a &model…",
        help="Take a trained model out: as one file for another project, a page, weights or ONNX",
        icon="package",
        separated=True,
        words="export share package onnx safetensors card",
    ),
    Command(
        key="project.take_in",
        menu="&Project",
        title="&Take in a model…",
        help="Use a model that somebody saved as a package",
        icon="package-open",
        words="import open package load",
    ),
    Command(
        key="project.check_origin",
        menu="&Project",
        title="&Where does a file come from…",
        help="Say who signed a file, and whether it was changed since",
        icon="badge-check",
        words="signature c2pa verify provenance authentic",
    ),
    Command(
        key="project.make_again",
        menu="&Project",
        title="Make a file &again…",
        help="Make a file again by the recipe in it, and say whether it is still the same",
        icon="rotate-ccw",
        words="remake recipe reproduce",
    ),
    Command(
        key="project.quit",
        menu="&Project",
        title="&Quit",
        help="Close the studio; a running training is saved first",
        shortcut="Ctrl+Q",
        separated=True,
    ),
    Command(
        key="edit.undo",
        menu="&Edit",
        title="&Undo",
        help="Take back what was done last on this page",
        shortcut="Ctrl+Z",
    ),
    Command(
        key="edit.redo",
        menu="&Edit",
        title="&Redo",
        help="Do again what was undone last on this page",
        shortcut="Ctrl+Shift+Z",
    ),
    Command(
        key="edit.find",
        menu="&Edit",
        title="&Find anything…",
        help="Find a command, a page, something to do, an architecture or a project",
        shortcut="Ctrl+K",
        icon="search",
        separated=True,
        words="command palette search",
    ),
    Command(
        key="train.start",
        menu="&Training",
        title="Start &learning",
        help="Begin a new run with what is chosen on the Train page",
        shortcut="Ctrl+T",
        icon="play",
        words="train begin run",
    ),
    Command(
        key="train.resume",
        menu="&Training",
        title="&Keep learning — resume",
        help="Go on with the run that is shown",
        icon="rotate-ccw",
        words="continue",
    ),
    Command(
        key="train.pause",
        menu="&Training",
        title="&Pause",
        help="Wait before the next step, or go on after that",
        shortcut="Ctrl+Shift+P",
        icon="pause",
        words="wait go on resume",
    ),
    Command(
        key="train.stop",
        menu="&Training",
        title="S&top and save",
        help="End the run at a safe point; it can go on from there",
        shortcut="Ctrl+Shift+S",
        icon="square",
        words="end cancel",
    ),
    Command(
        key="train.fit",
        menu="&Training",
        title="&Check the fit",
        help="Take some steps that are thrown away: time, memory and disk that the run needs",
        shortcut="Ctrl+Shift+F",
        icon="scaling",
        words="memory time forecast estimate how long",
    ),
    Command(
        key="train.queue_add",
        menu="&Training",
        title="Add to the &queue",
        help="Have what is chosen on the Train page wait for its turn",
        shortcut="Ctrl+Shift+T",
        icon="plus",
        separated=True,
        words="night later",
    ),
    Command(
        key="train.queue",
        menu="&Training",
        title="Queue for the &night…",
        help="Runs that wait for each other: order, what follows the last one, start",
        shortcut="Ctrl+Shift+Q",
        icon="moon",
        words="several runs sleep shut down",
    ),
    Command(
        key="train.preview",
        menu="&Training",
        title="P&review now",
        help="Paint a preview at once",
        shortcut="Ctrl+R",
        icon="refresh-cw",
        separated=True,
    ),
    Command(
        key="train.save",
        menu="&Training",
        title="&Save now",
        help="Save a checkpoint at once",
        shortcut="Ctrl+S",
        icon="save",
    ),
    Command(
        key="view.dataset",
        menu="&View",
        title="&Dataset",
        help="The pictures to learn from",
        shortcut="Ctrl+1",
    ),
    Command(
        key="view.train",
        menu="&View",
        title="&Train",
        help="Train a model and watch it learn",
        shortcut="Ctrl+2",
    ),
    Command(
        key="view.create",
        menu="&View",
        title="C&reate",
        help="All that can be done with trained models",
        shortcut="Ctrl+3",
    ),
    Command(
        key="view.gallery",
        menu="&View",
        title="&Gallery",
        help="The pictures made so far",
        shortcut="Ctrl+4",
    ),
    Command(
        key="view.compare",
        menu="&View",
        title="&Compare",
        help="Runs side by side on the same seeds",
        shortcut="Ctrl+5",
    ),
    Command(
        key="view.system",
        menu="&View",
        title="Light or dark as the s&ystem",
        help="Follow the system's light or dark look, and its wish for high contrast",
        group="theme",
        separated=True,
    ),
    Command(
        key="view.light",
        menu="&View",
        title="&Light",
        help="Always the light look",
        icon="sun",
        group="theme",
    ),
    Command(
        key="view.dark",
        menu="&View",
        title="Dar&k",
        help="Always the dark look",
        icon="moon",
        group="theme",
    ),
    Command(
        key="view.contrast_light",
        menu="&View",
        title="&High contrast, light",
        help="Black on white, with outlines around everything that can be used",
        icon="contrast",
        group="theme",
        words="accessibility low vision",
    ),
    Command(
        key="view.contrast_dark",
        menu="&View",
        title="High c&ontrast, dark",
        help="White on black, with outlines around everything that can be used",
        icon="contrast",
        group="theme",
        words="accessibility low vision",
    ),
    Command(
        key="help.guide",
        menu="&Help",
        title="&Guide",
        help="How everything is done, at the page that is shown",
        shortcut="F1",
        icon="book-open",
        words="manual help documentation",
    ),
    Command(
        key="help.shortcuts",
        menu="&Help",
        title="&Keyboard shortcuts",
        help="All keys and what they do",
        shortcut="Ctrl+F1",
        icon="circle-help",
        words="hotkeys keys",
    ),
    Command(
        key="help.about",
        menu="&Help",
        title="&About GenStudio",
        help="Version, licence and credits",
        icon="info",
    ),
)

KEYS = (
    Keys("Dataset", "Space, Enter", "Leave the picture out, or take it in again"),
    Keys("Dataset, captions", "Ctrl+Enter", "Keep the caption and go to the next picture"),
    Keys("Train, preview", "Space", "Pause, or go on"),
    Keys("Train, saved points", "S", "Star the saved point, or take its star away"),
    Keys("Train, saved points", "Enter", "What can be done with the saved point"),
    Keys("Train, saved points", "Esc", "Show the newest preview again"),
    Keys("Pictures", "+, -, 0", "Larger, smaller, as large as there is room"),
    Keys("Pictures", "Arrows", "Move the picture when it is larger than its place"),
    Keys("Gallery", "1, 2, 3, 4, 5, 0", "Give stars to the selected pictures, or take them away"),
    Keys("Gallery", "F, Enter", "Show the picture on the whole screen"),
    Keys("Gallery", "C", "Compare the two selected pictures"),
    Keys("Gallery", "Ctrl+C", "Copy the selected pictures for other programs"),
    Keys("Gallery, full screen", "Left, Right, Space, Esc", "The one before, the next; back"),
    Keys("Create, inputs", "Ctrl+V, Del", "Add what was copied; take the selected files out"),
    Keys("Create, scores", "Enter", "Sort by the column, once more the other way round"),
    Keys("Create, map", "Arrows, Shift+Arrows", "Move the point; move it a little"),
    Keys("Sounds", "Left, Right", "A little back or forth"),
)


def command_named(key: str) -> Command:
    """Find a command.

    Raises:
        KeyError: There is none of that key.
    """
    return _BY_KEY[key]


_BY_KEY = {command.key: command for command in COMMANDS}


def build_menus(
    window: QMainWindow, handlers: Mapping[str, Callable[[], object]]
) -> dict[str, QAction]:
    """Make an action for every command and put it into its menu.

    Args:
        window: Gets the menus.
        handlers: What each command does, by key.

    Raises:
        ValueError: A command has no handler, or a handler no command.
    """
    keys = {command.key for command in COMMANDS}
    if unmatched := keys ^ set(handlers):
        raise ValueError(f"Commands and handlers do not match: {', '.join(sorted(unmatched))}")
    actions: dict[str, QAction] = {}
    menus: dict[str, QMenu] = {}
    groups: dict[str, QActionGroup] = {}
    for command in COMMANDS:
        menu = menus.get(command.menu)
        if menu is None:
            menu = menus[command.menu] = window.menuBar().addMenu(command.menu)
        if command.separated:
            menu.addSeparator()
        action = QAction(command.title, window)
        action.setObjectName(command.key)
        action.setStatusTip(command.help)
        action.setToolTip(command.help)
        action.setShortcut(command.shortcut)
        if command.icon:
            action.setIcon(icon(command.icon))
        if command.group:
            action.setCheckable(True)
            group = groups.setdefault(command.group, QActionGroup(window))
            group.addAction(action)
        action.triggered.connect(_called(handlers[command.key]))
        menu.addAction(action)
        actions[command.key] = action
    return actions


def _called(handler: Callable[[], object]) -> Callable[..., None]:
    def on_triggered(*_checked: bool) -> None:
        handler()

    return on_triggered
