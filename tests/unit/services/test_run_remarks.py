"""What is said of a run when it begins."""

from genstudio.domain.training import TrainingSettings
from genstudio.services.run_remarks import remarks_on_what_is_kept_aside


def settings(**values: object) -> TrainingSettings:
    return TrainingSettings.model_validate({"model_key": "gan", "groups": "folder", **values})


def names(**counts: int) -> list[str]:
    return [f"{kind}/{number}.png" for kind, count in counts.items() for number in range(count)]


def test_classes_of_which_nothing_could_be_kept_aside_are_named() -> None:
    all_names = names(birds=60, fish=30, stones=4)
    (remark,) = remarks_on_what_is_kept_aside(all_names, ["birds/1.png"], settings(kinds=True))
    assert remark.level == "warning"
    assert remark.title == "Nothing of fish is kept aside"


def test_a_set_of_which_nothing_could_be_kept_aside_is_told() -> None:
    (remark,) = remarks_on_what_is_kept_aside(names(birds=60), [], settings())
    assert remark.title == "Groups are too large to be kept aside"


def test_nothing_is_said_where_it_was_possible_or_not_wanted() -> None:
    all_names = names(birds=60, fish=30)
    both = ["birds/1.png", "fish/2.png"]
    assert not remarks_on_what_is_kept_aside(all_names, both, settings(kinds=True))
    assert not remarks_on_what_is_kept_aside(all_names, [], settings(held_out=0))
    assert not remarks_on_what_is_kept_aside(all_names, [], settings(groups="picture"))
    assert not remarks_on_what_is_kept_aside(names(birds=30), [], settings())
