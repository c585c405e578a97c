"""Questions set everything; settings are found; presets are saved and dropped in."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QSpinBox
from studio_driver import StudioDriver

from genstudio.services.own_presets import OwnPreset, own_presets, own_presets_folder, save_preset


@pytest.fixture
def ready(studio: StudioDriver, pictures: Path) -> StudioDriver:
    studio.open_pictures(pictures, 24)
    studio.go_to("train")
    studio.wait(lambda: studio.window._training.entries)
    return studio


def test_three_answers_set_everything_and_say_why(ready: StudioDriver) -> None:
    ready.choose("train.how_long", "Ten minutes")
    ready.choose("train.how_good", "first look")
    button = ready.find("train.set_all")
    button.click()  # type: ignore[attr-defined]
    settings = ready.window._pages.train.controls.settings()
    assert (settings.preset, settings.size) == ("quick", 32)
    assert (settings.budget.unit, settings.budget.amount) == ("minutes", 10)
    assert "no larger than 32 px" in ready.find("train.reasons", QLabel).text()


def test_a_setting_is_found_by_what_it_says(ready: StudioDriver) -> None:
    choices = ready.window._pages.train.controls.choices
    ready.find("train.find", QLineEdit).setText("clipping")
    shown = [name for name, row in choices._all.run._rows.items() if not row.isHidden()]
    assert shown == ["gradient_clip"]
    ready.find("train.find", QLineEdit).setText("")
    shown = [name for name, row in choices._all.run._rows.items() if not row.isHidden()]
    assert "mirror" in shown
    assert "reverse" not in shown


def test_a_preset_is_saved_and_chosen_again(ready: StudioDriver, tmp_path: Path) -> None:
    controls = ready.window._pages.train.controls
    menu = controls.choices.preset_menu
    ready.choose_model("Painter and critic")
    ready.set_number("train.batch", 6)
    menu.save_wanted.emit("Mine", None)
    assert [it.title for _, it in own_presets()] == ["Mine"]
    ready.choose_model("Describe and redraw")
    ready.set_number("train.batch", 12)

    menu.fill()
    menu._menu.actions()[0].trigger()

    settings = controls.settings()
    assert settings.model_key == "self-supervised-gan"
    assert settings.batch == 6
    for path in own_presets_folder().glob("*.toml"):
        path.unlink()


def test_a_dropped_preset_of_another_version_is_told(ready: StudioDriver, tmp_path: Path) -> None:
    given = OwnPreset(
        title="Given", genstudio="0.0.1", model_key="residual-vae", training={"size": 128, "odd": 1}
    )
    path = save_preset(given, tmp_path / "given.toml")
    ready.window._pages.train.controls.preset_dropped.emit(path)
    assert ready.find("train.size", QComboBox).currentData() == 128
    notice = ready.window._notice_bar
    ready.wait(notice.isVisible)
    words = " ".join(label.text() for label in notice.findChildren(QLabel))
    assert "0.0.1" in words
    assert "odd" in words

    (tmp_path / "no.toml").write_text("x", encoding="utf-8")
    ready.window._pages.train.controls.preset_dropped.emit(tmp_path / "no.toml")
    assert ready.find("train.size", QComboBox).currentData() == 128


def test_of_a_preset_all_is_chosen_that_is_offered_and_the_rest_is_told(
    ready: StudioDriver,
) -> None:
    choices = ready.window._pages.train.controls.choices
    given = OwnPreset(
        title="Odd",
        model_key="residual-vae",
        training={"budget": {"unit": "moons", "amount": 1}, "batch": 6},
        model={"width": 24, "latent_size": 32},
    )
    choices.preset_menu.chosen.emit(given)
    assert ready.find("train.batch", QSpinBox).value() == 6
    notice = ready.window._notice_bar.current()
    assert notice is not None
    assert "Not all of “Odd”" in notice.title
    assert "width = 24" in notice.message
    assert "budget" in notice.message
    assert "latent_size" not in notice.message


@pytest.mark.parametrize(
    "odd",
    [{"size": 100}, {"size": []}, {"batch": 5000}, {"batch": 2.5}, {"gradient_clip": 1e9},
     {"budget": {"unit": "minutes", "amount": 1e13}}],
)  # fmt: skip
def test_a_number_that_is_not_offered_is_told_and_nothing_else_is_taken_for_it(
    ready: StudioDriver, odd: dict[str, object]
) -> None:
    controls = ready.window._pages.train.controls
    before = controls.settings()
    given = OwnPreset(title="Odd", model_key=before.model_key, training=odd)
    controls.choices.preset_menu.chosen.emit(given)
    after = controls.settings()
    assert after.model_dump(exclude={"seed"}) == before.model_dump(exclude={"seed"})
    notice = ready.window._notice_bar.current()
    assert notice is not None
    assert "Not all of “Odd”" in notice.title
    assert next(iter(odd)) in notice.message


def test_a_saved_preset_that_cannot_be_read_is_listed_and_says_why(ready: StudioDriver) -> None:
    menu = ready.window._pages.train.controls.choices.preset_menu
    path = own_presets_folder() / "future.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("format_version = 99\ntitle = 'a'\nmodel_key = 'b'", encoding="utf-8")
    menu.fill()
    (action,) = [it for it in menu._menu.actions() if it.text().startswith("future")]
    action.trigger()
    path.unlink()
    notice = ready.window._notice_bar.current()
    assert notice is not None
    assert "newer GenStudio" in notice.title


def test_words_fit_what_is_learned_from(ready: StudioDriver) -> None:
    rows = ready.window._pages.train.controls.choices.rows
    rows.name_examples("sounds")
    rows.show_size(is_shown=False)
    assert rows._batch_title.text() == "Sounds per step"
    assert rows.unit.itemText(2) == "sounds seen"
    assert not rows.size.isVisible()
