"""One editor for each type of setting; new types join through :func:`register_editor`."""

import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union, cast, get_args, get_origin

from PySide6.QtCore import QRegularExpression, QSize, Qt
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QToolButton,
    QWidget,
)

from genstudio.domain.language import tr
from genstudio.domain.settings import SettingField
from genstudio.ui.icons import icon
from genstudio.ui.theme import mark
from genstudio.ui.widgets.elided_combo import ElidedCombo
from genstudio.ui.widgets.number_boxes import DecimalBox, WholeBox
from genstudio.ui.widgets.place_line import PlaceLine
from genstudio.ui.widgets.prompt_line import PromptLine
from genstudio.ui.widgets.wheel import ignore_wheel_unless_focused

_LARGEST_SPIN = 2**31 - 1
# Margins and frame of a page to write on.
_AROUND_LINES_PX = 18
_EXACTLY = Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchCaseSensitive


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """A widget that edits one value.

    Attributes:
        widget: What goes into the form.
        control: The part that takes the focus, the name and the help; mostly the widget itself.
        value: Reads what is set now.
        set_value: Shows a value.
        on_changed: Calls a function whenever the value changes.
    """

    widget: QWidget
    control: QWidget
    value: Callable[[], Any]
    set_value: Callable[[Any], None]
    on_changed: Callable[[Callable[..., None]], object]


EditorFactory = Callable[[SettingField], Editor]

_factories: list[tuple[Callable[[Any], bool], EditorFactory]] = []


def register_editor(accepts: Callable[[Any], bool], factory: EditorFactory) -> None:
    """Add an editor for the types that ``accepts`` says yes to; later ones are asked first."""
    _factories.insert(0, (accepts, factory))


def editor_for(field: SettingField) -> Editor:
    """Make the editor for a setting.

    Raises:
        TypeError: No editor is registered for the setting's type.
    """
    if field.hints.opens:
        return _place(field)
    if field.hints.lines > 1:
        return _lines(field)
    for accepts, factory in _factories:
        if accepts(field.annotation):
            return factory(field)
    raise TypeError(
        f"No editor for the setting “{field.name}” of type {field.annotation!r}; "
        "add one with genstudio.ui.editors.register_editor"
    )


def named_choice_editor(field: SettingField, names: Sequence[str]) -> Editor:
    """Make the editor for a text that is one of some names, or empty for any of them."""
    box = ElidedCombo()
    # Names are a person's own: a long one must not widen the form.
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.addItem(tr("Any"), "")
    for name in names:
        box.addItem(name, name)
        box.setItemData(box.count() - 1, name, Qt.ItemDataRole.ToolTipRole)

    def set_value(new: str) -> None:
        box.setCurrentIndex(max(box.findData(new, flags=_EXACTLY), 0))

    return _boxed(box, field, box.currentData, set_value, box.currentIndexChanged.connect)


def prompt_editor(_field: SettingField, words: Sequence[str]) -> Editor:
    """Make the editor for a text in words that a model knows."""
    prompt = PromptLine(words)
    return Editor(
        widget=prompt,
        control=prompt.line,
        value=prompt.text,
        set_value=prompt.set_text,
        on_changed=prompt.changed.connect,
    )


# What a setting offers => its editor, given the names that there are; others are names to choose.
OFFERING: dict[str, Callable[[SettingField, Sequence[str]], Editor]] = {"words": prompt_editor}


def _whole(field: SettingField) -> Editor:
    low = -_LARGEST_SPIN if field.minimum is None else int(field.minimum)
    if field.maximum is None or field.maximum > _LARGEST_SPIN or low < -_LARGEST_SPIN:
        return _large_whole(field)
    box = WholeBox(low, int(field.maximum), logarithmic=field.hints.logarithmic)
    return _boxed(box, field, box.value, box.setValue, box.valueChanged.connect)


def _large_whole(field: SettingField) -> Editor:
    """Spin boxes end at 2³¹; a seed does not."""
    line = QLineEdit()
    sign = "-?" if field.minimum is None or field.minimum < 0 else ""
    line.setValidator(QRegularExpressionValidator(QRegularExpression(f"{sign}\\d{{1,19}}"), line))

    def value() -> int:
        return int(line.text()) if line.hasAcceptableInput() else int(field.default or 0)

    def set_value(new: int) -> None:
        line.setText(str(new))

    return _boxed(line, field, value, set_value, line.textChanged.connect)


def _decimal(field: SettingField) -> Editor:
    box = DecimalBox(field.minimum, field.maximum, logarithmic=field.hints.logarithmic)
    return _boxed(box, field, box.value, box.setValue, box.valueChanged.connect)


def _flag(_field: SettingField) -> Editor:
    box = QCheckBox()
    return Editor(
        widget=box,
        control=box,
        value=box.isChecked,
        set_value=box.setChecked,
        on_changed=box.toggled.connect,
    )


def _choice(field: SettingField) -> Editor:
    box = ElidedCombo()
    options: list[Any] = (
        list(get_args(field.annotation))
        if get_origin(field.annotation) is Literal
        else list(field.annotation)
    )
    for option in options:
        label = str(option.value if isinstance(option, Enum) else option)
        box.addItem(tr(label.replace("_", " ")))

    # Qt turns enumerations into plain strings when they are kept as item data.
    def value() -> Any:
        return options[box.currentIndex()]

    def set_value(new: Any) -> None:
        box.setCurrentIndex(options.index(new))

    return _boxed(box, field, value, set_value, box.currentIndexChanged.connect)


def _text(field: SettingField) -> Editor:
    line = QLineEdit()
    return _boxed(line, field, line.text, line.setText, line.textChanged.connect)


def _place(field: SettingField) -> Editor:
    """A folder or a file with weights, as text; a line below says what lies there."""
    place = PlaceLine(field.title, field.hints.opens)
    return Editor(
        widget=place,
        control=place.line,
        value=place.line.text,
        set_value=place.line.setText,
        on_changed=place.line.textChanged.connect,
    )


def _lines(field: SettingField) -> Editor:
    """A text of several lines."""
    page = QPlainTextEdit()
    page.setTabChangesFocus(True)
    height = page.fontMetrics().lineSpacing() * field.hints.lines
    page.setFixedHeight(height + _AROUND_LINES_PX)
    return Editor(
        widget=page,
        control=page,
        value=page.toPlainText,
        set_value=page.setPlainText,
        on_changed=page.textChanged.connect,
    )


def _path(field: SettingField) -> Editor:
    line = QLineEdit()
    browse = QToolButton()
    browse.setIcon(icon("folder-open"))
    browse.setIconSize(QSize(16, 16))
    browse.setToolTip(tr("Choose…"))
    browse.setAccessibleName(tr("Choose: {title}", title=field.title))

    def choose() -> None:
        chosen = QFileDialog.getExistingDirectory(line, field.title, line.text())
        if chosen:
            line.setText(chosen)

    def value() -> Path | None:
        return Path(line.text()) if line.text() else None

    def set_value(new: Path | None) -> None:
        line.setText("" if new is None else str(new))

    browse.clicked.connect(choose)
    return Editor(
        widget=_row(line, browse),
        control=line,
        value=value,
        set_value=set_value,
        on_changed=line.textChanged.connect,
    )


def _optional(field: SettingField) -> Editor:
    """A value or none: a check box that says whether there is one."""
    (annotation,) = _without_none(field.annotation)
    inner = editor_for(
        SettingField(
            name=field.name,
            title=field.title,
            help=field.help,
            annotation=annotation,
            default=field.default,
            minimum=field.minimum,
            maximum=field.maximum,
            hints=field.hints,
        )
    )
    box = QCheckBox(tr("Choose"))
    box.setAccessibleName(tr("Choose: {title}", title=field.title))
    box.toggled.connect(inner.widget.setEnabled)
    inner.widget.setEnabled(False)

    def value() -> Any:
        return inner.value() if box.isChecked() else None

    def set_value(new: Any) -> None:
        box.setChecked(new is not None)
        if new is not None:
            inner.set_value(new)

    def on_changed(slot: Callable[..., None]) -> None:
        box.toggled.connect(slot)
        inner.on_changed(slot)

    return Editor(
        widget=_row(box, inner.widget, stretch=1),
        control=inner.control,
        value=value,
        set_value=set_value,
        on_changed=on_changed,
    )


def _boxed(
    control: QWidget,
    field: SettingField,
    value: Callable[[], Any],
    set_value: Callable[[Any], None],
    on_changed: Callable[[Callable[..., None]], object],
) -> Editor:
    """An input with its unit behind it, deaf to a passing wheel."""
    ignore_wheel_unless_focused(control)
    widget = control
    if field.hints.unit:
        unit = QLabel(tr(field.hints.unit))
        mark(unit, role="muted")
        widget = _row(control, unit)
    return Editor(
        widget=widget, control=control, value=value, set_value=set_value, on_changed=on_changed
    )


def _row(first: QWidget, second: QWidget, *, stretch: int = 0) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(8)
    layout.addWidget(first, 1 - stretch)
    layout.addWidget(second, stretch)
    return row


def _without_none(annotation: Any) -> list[Any]:
    return [part for part in get_args(annotation) if part is not types.NoneType]


def _is_optional(annotation: Any) -> bool:
    is_union = get_origin(annotation) in {Union, types.UnionType}
    return (
        is_union and types.NoneType in get_args(annotation) and len(_without_none(annotation)) == 1
    )


def _is_enumeration(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(cast("type[object]", annotation), Enum)


def _is_one_of(annotation: Any) -> bool:
    return get_origin(annotation) is Literal or _is_enumeration(annotation)


register_editor(lambda annotation: annotation is str, _text)
register_editor(lambda annotation: annotation is Path, _path)
register_editor(lambda annotation: annotation is int, _whole)
register_editor(lambda annotation: annotation is float, _decimal)
register_editor(lambda annotation: annotation is bool, _flag)
register_editor(_is_one_of, _choice)
register_editor(_is_optional, _optional)
