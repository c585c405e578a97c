"""Commands as data: one declaration each makes the menu entry, its shortcut and its help."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QMenu

from genstudio.ui.icons import icon


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
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
    """

    key: str
    menu: str
    title: str
    help: str
    shortcut: str = ""
    icon: str = ""
    group: str = ""
    separated: bool = False


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
        key="train.preview",
        menu="&Training",
        title="P&review now",
        help="Paint a preview at once",
        shortcut="Ctrl+R",
        icon="refresh-cw",
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
        title="Cr&eate",
        help="All that can be done with a trained model",
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
        help="Follow the system's light or dark look",
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
        key="help.about",
        menu="&Help",
        title="&About GenStudio",
        help="Version, licence and credits",
        icon="info",
    ),
)


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
