"""Forms made from settings: what can be typed, what comes out, and the way back."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLineEdit, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from genstudio.domain.errors import SettingsError
from genstudio.domain.settings import Settings, parse_settings, setting
from genstudio.ui.editors import editor_for
from genstudio.ui.forms import SettingsForm
from genstudio.ui.widgets.disclosure import Disclosure
from genstudio.ui.widgets.number_boxes import DecimalBox, WholeBox


class Mood(StrEnum):
    CALM = "calm"
    VERY_WILD = "very_wild"


class Sketch(Settings):
    width: int = setting(64, title="Width", help="How wide.", ge=8, le=512, unit="px")
    rate: float = setting(
        2e-4, title="Speed — learning rate", help="", ge=0, le=1, logarithmic=True
    )
    mirror: bool = setting(True, title="Mirror", help="Flip some pictures.")
    look: Literal["soft_light", "hard_light"] = setting("soft_light", title="Look", help="")
    mood: Mood = setting(Mood.CALM, title="Mood", help="")
    title: str = setting("Untitled", title="Title", help="")
    folder: Path | None = setting(None, title="Folder", help="")
    limit: int | None = setting(None, title="Limit", help="", ge=1, le=99)
    seed: int = setting(0, title="Seed", help="", ge=0, le=2**63 - 1)
    decay: float = setting(0.9, title="Decay", help="", ge=0.5, le=1, advanced=True)


OTHER: dict[str, Any] = {
    "width": 128,
    "rate": 0.05,
    "mirror": False,
    "look": "hard_light",
    "mood": Mood.VERY_WILD,
    "title": "Meadow",
    "folder": Path("/pictures/meadow"),
    "limit": 7,
    "seed": 2**63 - 1,
    "decay": 0.75,
}


@pytest.fixture
def form(qtbot: QtBot) -> SettingsForm:
    form = SettingsForm(Sketch)
    qtbot.addWidget(form)
    form.show()
    qtbot.waitExposed(form)
    return form


def control(form: SettingsForm, name: str) -> Any:
    return form.findChild(QWidget, f"setting.{name}")


def turn_wheel(widget: QWidget) -> None:
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle,
        widget.mapToGlobal(middle),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def test_a_new_form_shows_the_defaults(form: SettingsForm) -> None:
    assert form.values() == Sketch().model_dump()


def test_every_type_of_value_comes_out_as_it_went_in(form: SettingsForm) -> None:
    form.set_values(OTHER)
    assert form.values() == OTHER
    assert parse_settings(Sketch, form.values()).model_dump() == OTHER


def test_only_the_settings_that_were_asked_for_are_shown(qtbot: QtBot) -> None:
    form = SettingsForm(Sketch, include={"width", "seed"})
    qtbot.addWidget(form)
    assert form.values() == {"width": 64, "seed": 0}


def test_a_name_that_is_not_there_is_refused_with_those_that_are(form: SettingsForm) -> None:
    with pytest.raises(SettingsError) as error:
        form.set_values({"colour": 1})
    assert "width" in error.value.hint


def test_values_cannot_leave_their_bounds(form: SettingsForm) -> None:
    form.set_values({"width": 9999, "decay": 0.1, "limit": 500})
    assert form.values()["width"] == 512
    assert form.values()["decay"] == 0.5
    assert form.values()["limit"] == 99


def test_typing_tells_the_page_once(qtbot: QtBot, form: SettingsForm) -> None:
    told: list[int] = []
    form.changed.connect(lambda: told.append(form.values()["width"]))
    box: WholeBox = control(form, "width")
    box.selectAll()
    box.setKeyboardTracking(False)
    qtbot.keyClicks(box, "200")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert told == [200]


def test_many_values_at_once_tell_the_page_once_and_no_change_not_at_all(
    form: SettingsForm,
) -> None:
    told: list[bool] = []
    form.changed.connect(lambda: told.append(True))
    form.set_values(OTHER)
    form.set_values(OTHER)
    assert len(told) == 1


def test_each_setting_has_its_own_way_back(qtbot: QtBot, form: SettingsForm) -> None:
    back = form.findChild(QToolButton, "reset.width")
    assert not back.isVisible()
    form.set_values({"width": 100, "title": "Meadow"})
    assert back.isVisible()
    qtbot.mouseClick(back, Qt.MouseButton.LeftButton)
    assert form.values()["width"] == 64
    assert form.values()["title"] == "Meadow"
    assert not back.isVisible()


def test_all_settings_go_back_together(qtbot: QtBot, form: SettingsForm) -> None:
    assert not form._reset.isEnabled()
    form.set_values(OTHER)
    qtbot.mouseClick(form._reset, Qt.MouseButton.LeftButton)
    assert form.values() == Sketch().model_dump()
    assert not form._reset.isEnabled()


def test_settings_for_few_are_behind_a_section(form: SettingsForm) -> None:
    assert control(form, "width").isVisible()
    assert not control(form, "decay").isVisible()
    form.show_advanced(True)
    assert control(form, "decay").isVisible()
    form.show_advanced(False)
    assert not control(form, "decay").isVisible()


def test_an_optional_value_is_none_until_it_is_chosen(qtbot: QtBot, form: SettingsForm) -> None:
    box = control(form, "limit")
    choose = next(
        box for box in form.findChildren(QCheckBox) if box.accessibleName() == "Choose: Limit"
    )
    assert not box.isEnabled()
    choose.click()
    assert box.isEnabled()
    assert form.values()["limit"] == box.value() >= 1
    choose.click()
    assert form.values()["limit"] is None


def test_a_choice_is_shown_in_words(form: SettingsForm) -> None:
    box: QComboBox = control(form, "mood")
    assert [box.itemText(row) for row in range(box.count())] == ["calm", "very wild"]
    box.setCurrentIndex(1)
    assert form.values()["mood"] is Mood.VERY_WILD


def test_a_title_beside_a_check_box_ticks_it(qtbot: QtBot, form: SettingsForm) -> None:
    title = next(label for label in form.findChildren(QWidget) if is_title_of(label, "Mirror"))
    qtbot.mouseClick(title, Qt.MouseButton.LeftButton)
    assert form.values()["mirror"] is False


def is_title_of(widget: QWidget, words: str) -> bool:
    return getattr(widget, "text", str)() == words and hasattr(widget, "buddy")


def test_a_seed_may_be_larger_than_a_spin_box_holds(qtbot: QtBot, form: SettingsForm) -> None:
    line: QLineEdit = control(form, "seed")
    line.clear()
    assert form.values()["seed"] == 0, "nothing typed yet: the default"
    qtbot.keyClicks(line, "-x9223372036854775807")
    assert form.values()["seed"] == 9223372036854775807, "neither letters nor a minus"


@pytest.mark.parametrize("name", ["width", "rate", "look"])
def test_the_wheel_changes_nothing_unless_the_control_was_chosen(
    form: SettingsForm, name: str
) -> None:
    before = form.values()
    box = control(form, name)
    box.clearFocus()
    turn_wheel(box)
    assert form.values() == before
    form.activateWindow()
    box.setFocus()
    QApplication.processEvents()
    turn_wheel(box)
    assert form.values() != before


def test_help_opens_below_its_setting(qtbot: QtBot, form: SettingsForm) -> None:
    help_button = next(
        button
        for button in form.findChildren(QToolButton)
        if button.accessibleName() == "What does this do? Width"
    )
    text = next(label for label in form.findChildren(QWidget) if is_text(label, "How wide."))
    assert not text.isVisible()
    qtbot.mouseClick(help_button, Qt.MouseButton.LeftButton)
    assert text.isVisible()


def is_text(widget: QWidget, words: str) -> bool:
    return getattr(widget, "text", str)() == words


def test_every_control_has_a_name_and_its_help_for_screen_readers(form: SettingsForm) -> None:
    assert control(form, "rate").accessibleName() == "Speed — learning rate"
    assert control(form, "width").accessibleDescription() == "How wide."
    assert control(form, "width").toolTip() == "How wide."


def test_a_type_without_an_editor_says_how_to_add_one() -> None:
    class Odd(Settings):
        shape: Sequence[int] = setting((), title="Shape", help="")

    from genstudio.domain.settings import setting_fields

    (field,) = setting_fields(Odd)
    with pytest.raises(TypeError, match="register_editor"):
        editor_for(field)


@pytest.mark.parametrize(
    ("value", "text"), [(2e-4, "0.0002"), (30.0, "30"), (0.5, "0.5"), (0.0, "0")]
)
def test_decimals_are_written_without_needless_zeros(qtbot: QtBot, value: float, text: str) -> None:
    box = DecimalBox(0, 100)
    qtbot.addWidget(box)
    box.setValue(value)
    assert box.text() == text


def test_decimals_may_be_typed_with_point_comma_or_exponent(qtbot: QtBot) -> None:
    box = DecimalBox(0, 100)
    qtbot.addWidget(box)
    for typed, value in (("0.25", 0.25), ("0,5", 0.5), ("2e-4", 2e-4)):
        box.selectAll()
        qtbot.keyClicks(box, typed)
        qtbot.keyClick(box, Qt.Key.Key_Return)
        assert box.value() == pytest.approx(value)


def test_logarithmic_numbers_step_by_ratio(qtbot: QtBot) -> None:
    rate = DecimalBox(0, 1, logarithmic=True)
    batch = WholeBox(1, 1024, logarithmic=True)
    for box in (rate, batch):
        qtbot.addWidget(box)
    rate.setValue(2e-4)
    batch.setValue(16)
    qtbot.keyClick(rate, Qt.Key.Key_Up)
    qtbot.keyClick(batch, Qt.Key.Key_Up)
    assert (rate.value(), batch.value()) == (5e-4, 32)
    for _ in range(2):
        qtbot.keyClick(rate, Qt.Key.Key_Down)
        qtbot.keyClick(batch, Qt.Key.Key_Down)
    assert (rate.value(), batch.value()) == (1e-4, 8)


def test_values_follow_other_defaults_until_somebody_chooses(form: SettingsForm) -> None:
    told: list[int] = []
    form.changed.connect(lambda: told.append(1))
    control(form, "width").setValue(100)
    form.set_defaults({"width": 32, "mirror": False})
    assert (form.values()["width"], form.values()["mirror"]) == (100, False)
    assert form.own_values() == {"width": 100}
    assert told == [1, 1], "once by the person, once by the defaults"

    form.findChild(QToolButton, "reset.width").click()
    assert (form.values()["width"], form.own_values()) == (32, {})
    form.set_defaults({"width": 48})
    assert form.values()["width"] == 48


def test_what_was_chosen_stands_also_while_it_happens_to_be_the_default(
    form: SettingsForm,
) -> None:
    control(form, "width").setValue(32)
    for default in (32, 16):
        form.set_defaults({"width": default})
        assert form.values()["width"] == 32


def test_back_to_defaults_goes_to_the_newest_ones(form: SettingsForm) -> None:
    form.set_values(OTHER)
    form.set_defaults({"width": 16, "look": "hard_light"})
    form.reset()
    assert form.values() == {**Sketch().model_dump(), "width": 16, "look": "hard_light"}


def test_other_defaults_of_an_unknown_setting_are_refused(form: SettingsForm) -> None:
    with pytest.raises(SettingsError):
        form.set_defaults({"colour": 1})


class Asked(Settings):
    kind: str = setting("", title="Which kind — class", help="Empty for any.", choices="kinds")
    truncation: float = setting(1.0, title="Calm", help="", ge=0, le=1)


def test_a_text_with_choices_is_a_list_that_begins_with_any(qtbot: QtBot) -> None:
    names = ["Cats", "cats", "Größe & <Öl>", "日本"]
    form = SettingsForm(Asked, choices={"kinds": names})
    qtbot.addWidget(form)
    box = control(form, "kind")
    assert isinstance(box, QComboBox)
    assert [box.itemText(row) for row in range(box.count())] == ["Any", *names]
    assert form.values()["kind"] == ""
    for name in names:
        form.set_values({"kind": name})
        assert form.values()["kind"] == name
    form.set_values({"kind": "of another run"})
    assert form.values()["kind"] == ""


def test_a_setting_that_has_nothing_to_choose_from_is_not_shown(qtbot: QtBot) -> None:
    for choices in (None, {}, {"kinds": ()}):
        form = SettingsForm(Asked, choices=choices)
        qtbot.addWidget(form)
        assert form.values() == {"truncation": 1.0}


class Insistent(Asked):
    guidance: float = setting(1.5, title="Insistence", help="", ge=1, le=9, choices="kinds")


def test_a_number_about_kinds_is_shown_where_there_are_some(qtbot: QtBot) -> None:
    with_kinds, without = (SettingsForm(Insistent, choices={"kinds": it}) for it in (["a"], []))
    for form in (with_kinds, without):
        qtbot.addWidget(form)

    assert with_kinds.values() == {"kind": "", "truncation": 1.0, "guidance": 1.5}
    assert without.values() == {"truncation": 1.0}


class Framed(Settings):
    frame: Literal["none", "wood"] = setting("none", title="Frame", help="")
    varnish: bool = setting(False, title="Varnish", help="", only_with=("frame", "wood"))
    rings: int = setting(
        3, title="Rings", help="", ge=1, le=9, advanced=True, only_with=("frame", "wood")
    )


def test_a_setting_that_changes_nothing_now_is_not_shown(qtbot: QtBot) -> None:
    form = SettingsForm(Framed)
    qtbot.addWidget(form)
    form.show()
    varnish = form.findChild(QCheckBox, "setting.varnish")
    frame = form.findChild(QComboBox, "setting.frame")
    assert varnish is not None
    assert frame is not None
    assert not varnish.isVisible()
    assert [it.name for it in form.fields()] == ["frame"]
    more = form.findChild(Disclosure)
    assert more is not None
    assert not more.isVisible()

    frame.setCurrentIndex(1)
    assert varnish.isVisible()
    assert more.isVisible()
    assert [it.name for it in form.fields()] == ["frame", "varnish", "rings"]
    assert form.look_for("varnish") == 1

    form.reset()
    assert not varnish.isVisible()
    assert form.look_for("varnish") == 0
    # What is not shown is still a value.
    assert parse_settings(Framed, form.values()) == Framed()
