"""Forms made from declared settings: an editor, its unit, its help and its default, for each."""

from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from html import escape
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.domain.settings import SettingField, Settings, setting_fields
from genstudio.services.studio_languages import last_place
from genstudio.ui.editors import OFFERING, Editor, editor_for, named_choice_editor
from genstudio.ui.followed import Followed, back_button, small_button
from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX, colors, is_restyled, mark
from genstudio.ui.widgets.disclosure import Disclosure


class SettingsForm(QWidget):
    """Edits the values of a :class:`Settings` class.

    A value follows its default, where that changes, until another is set.

    Signals:
        changed(): A value was changed, by a person or by a method; once for each.
    """

    changed = Signal()

    def __init__(
        self,
        settings_class: type[Settings],
        include: Collection[str] | None = None,
        parent: QWidget | None = None,
        *,
        choices: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Build the form.

        Args:
            settings_class: What to edit.
            include: Names to show; all by default.
            parent: Qt parent.
            choices: What there is to choose from, by the word that settings know it by; a
                setting that has nothing to choose from is not shown.
        """
        super().__init__(parent)
        self._rows: dict[str, _Row] = {}
        self._is_loading = False
        self._hidden: frozenset[str] = frozenset()
        offered = choices or {}
        for field in setting_fields(settings_class):
            wanted = include is None or field.name in include
            names = offered.get(field.hints.choices, ())
            if wanted and (names or not field.hints.choices):
                declared = settings_class.model_fields[field.name]
                default = declared.get_default(call_default_factory=True, validated_data={})
                if field.hints.opens and not default:
                    default = last_place(field.hints.opens)
                row = _Row(field, default, names if field.annotation is str else ())
                row.changed.connect(partial(self._on_changed, row))
                self._rows[field.name] = row
        self._reset = QPushButton(tr("Back to defaults"))
        self._reset.setIcon(icon("rotate-ccw", "muted"))
        self._reset.clicked.connect(self.reset)
        # A single setting has a way back of its own.
        if len(self._rows) <= 1:
            self._reset.hide()
        mark(self._reset, flat=True)
        self._more = self._lay_out()
        self._update_reset()
        self._show_conditional()

    def values(self) -> dict[str, Any]:
        """What is set now, by name; to be checked with ``parse_settings``."""
        return {name: row.editor.value() for name, row in self._rows.items()}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show other values; settings that are not named stay as they are.

        Raises:
            SettingsError: The form has no setting of that name.
        """
        self._refuse_unknown(values)
        with self._loading():
            for name, value in values.items():
                self._rows[name].editor.set_value(value)
                self._rows[name].value.note_own()

    def set_defaults(self, values: Mapping[str, Any]) -> None:
        """Give settings other defaults; what was set to something of its own stays.

        Raises:
            SettingsError: The form has no setting of that name.
        """
        self._refuse_unknown(values)
        with self._loading():
            for name, value in values.items():
                self._rows[name].value.follow(value)

    def own_values(self) -> dict[str, Any]:
        """What was set to something of its own, by name."""
        return {name: row.editor.value() for name, row in self._rows.items() if row.value.is_own}

    def set_hidden(self, names: Collection[str]) -> None:
        """Leave out settings that mean nothing now, by name; all others are shown."""
        self._hidden = frozenset(names)
        self._show_what_counts()

    def look_for(self, text: str) -> int:
        """Show only settings with all these words in title or help; says how many there are.

        Those that mean nothing now stay hidden.
        """
        words = text.casefold().split()
        found = 0
        for name, row in self._rows.items():
            said = f"{row.field.title} {row.field.help} {name}".casefold()
            is_found = all(word in said for word in words) and self._counts(name)
            row.setVisible(is_found)
            found += is_found
        if self._more is not None and words:
            self._more.set_open(True)
        return found

    def fields(self) -> list[SettingField]:
        """What can be set now."""
        return [row.field for name, row in self._rows.items() if self._counts(name)]

    def show_setting(self, name: str) -> None:
        """Open what it is inside of, and put the keyboard into its editor.

        Raises:
            SettingsError: The form has no setting of that name.
        """
        self._refuse_unknown([name])
        bring_into_view(self._rows[name].editor.control)

    def reset(self) -> None:
        """Go back to the default of every setting."""
        with self._loading():
            for row in self._rows.values():
                row.value.reset()

    def show_advanced(self, is_shown: bool) -> None:
        """Open or close the section of settings that few people need."""
        if self._more is not None:
            self._more.set_open(is_shown)

    def _lay_out(self) -> Disclosure | None:
        layout = _column(self)
        more_page = QWidget()
        more_layout = _column(more_page)
        for row in self._rows.values():
            (more_layout if row.field.hints.advanced else layout).addWidget(row)
        more = None
        if more_layout.count():
            more = Disclosure(tr("More settings"), more_page)
            layout.addWidget(more)
        else:
            more_page.deleteLater()
        layout.addWidget(self._reset, 0, Qt.AlignmentFlag.AlignLeft)
        return more

    def _counts(self, name: str) -> bool:
        """Whether a setting means something now, with the values of the others."""
        only_with = self._rows[name].field.hints.only_with
        if only_with is not None and only_with[0] in self._rows:
            other, value = only_with
            if self._rows[other].editor.value() != value:
                return False
        return name not in self._hidden

    def _show_conditional(self) -> None:
        """Show and hide only what hangs on others: a search may have hidden the rest."""
        for name, row in self._rows.items():
            if row.field.hints.only_with is not None:
                row.setVisible(self._counts(name))
        if self._more is not None:
            self._more.setVisible(any(it.hints.advanced for it in self.fields()))

    def _show_what_counts(self) -> None:
        for name, row in self._rows.items():
            row.setVisible(self._counts(name))

    def _refuse_unknown(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self._rows:
                known = ", ".join(self._rows) or "none"
                raise SettingsError(
                    tr("There is no setting “{name}”", name=name),
                    "",
                    tr("Known: {known}.", known=known),
                )

    @contextmanager
    def _loading(self) -> Generator[None]:
        """Change many values, and tell once."""
        before = self.values()
        self._is_loading = True
        yield
        self._is_loading = False
        self._update_reset()
        self._show_conditional()
        if self.values() != before:
            self.changed.emit()

    def _on_changed(self, row: "_Row") -> None:
        if not self._is_loading:
            row.value.note_own()
            self._update_reset()
            self._show_conditional()
            self.changed.emit()

    def _update_reset(self) -> None:
        for row in self._rows.values():
            row.update_reset()
        self._reset.setEnabled(any(row.value.is_changed() for row in self._rows.values()))


def bring_into_view(control: QWidget) -> None:
    """Open the sections around a control, scroll to it, and put the keyboard into it."""
    above = control.parentWidget()
    areas: list[QScrollArea] = []
    while above is not None:
        if isinstance(above, Disclosure):
            above.set_open(True)
        elif isinstance(above, QScrollArea):
            areas.append(above)
        above = above.parentWidget()
    for area in areas:
        # What has just been opened has no place yet.
        content = area.widget()
        if content is not None and (layout := content.layout()) is not None:
            layout.activate()
            content.adjustSize()
        area.ensureWidgetVisible(control, 0, 6 * GRID_PX)
    control.setFocus(Qt.FocusReason.ShortcutFocusReason)


class _Row(QWidget):
    """One setting: title, help and reset above its editor; a check box stands before its title."""

    changed = Signal()

    def __init__(self, field: SettingField, default: Any, names: Sequence[str]) -> None:
        super().__init__()
        self.field = field
        offering = OFFERING.get(field.hints.choices, named_choice_editor)
        self.editor: Editor = offering(field, names) if names else editor_for(field)
        self.value = Followed(self.editor.value, self.editor.set_value)
        # Before the first comparison: an empty editor would count as changed.
        self.value.follow(default)
        self.editor.on_changed(self._on_changed)
        words, _, term = field.title.partition(" — ")
        control = self.editor.control
        control.setObjectName(f"setting.{field.name}")
        control.setAccessibleName(field.title)
        control.setAccessibleDescription(field.help)
        control.setToolTip(field.help)
        title = _Title(words, term, self.editor.control)
        self._help_text = QLabel(field.help)
        self._help_text.setWordWrap(True)
        self._help_text.hide()
        mark(self._help_text, role="small")
        help_button = small_button("circle-help", tr("What does this do? {words}", words=words))
        help_button.setCheckable(True)
        if not field.help:
            help_button.hide()
        help_button.toggled.connect(self._help_text.setVisible)
        self._reset = back_button(field.name, words)
        self._reset.clicked.connect(self.value.reset)
        self._lay_out(title, help_button)

    def update_reset(self) -> None:
        """Offer the way back only where there is one."""
        self._reset.setVisible(self.value.is_changed())

    def _on_changed(self, *_value: object) -> None:
        self.changed.emit()

    def _lay_out(self, title: QWidget, help_button: QWidget) -> None:
        is_flag = isinstance(self.editor.widget, QCheckBox)
        head = QHBoxLayout()
        head.setSpacing(GRID_PX // 4)
        if is_flag:
            head.addWidget(self.editor.widget)
        head.addWidget(title, 1)
        head.addWidget(self._reset, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(help_button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addLayout(head)
        if not is_flag:
            layout.addWidget(self.editor.widget)
        layout.addWidget(self._help_text)


class _Title(QLabel):
    """A painter's words, the technical term more quietly behind; a click goes to the editor."""

    def __init__(self, words: str, term: str, control: QWidget) -> None:
        super().__init__()
        self._words = words
        self._term = term
        self._control = control
        self.setBuddy(control)
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._write()

    def changeEvent(self, event: QEvent) -> None:
        """Colour the term as the theme does now."""
        if is_restyled(event):
            self._write()
        super().changeEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the click for the editor, as every form does."""
        if isinstance(self._control, QCheckBox):
            self._control.click()
        self._control.setFocus(Qt.FocusReason.MouseFocusReason)

    def _write(self) -> None:
        term = f' <span style="color:{colors().muted}">{escape(self._term)}</span>'
        self.setText(escape(self._words) + (term if self._term else ""))


def _column(page: QWidget) -> QVBoxLayout:
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(GRID_PX + GRID_PX // 2)
    return layout
