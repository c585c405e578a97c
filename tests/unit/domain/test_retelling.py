"""What was kept in one language is read in another one."""

from collections.abc import Callable, Iterator

import pytest

from genstudio.domain.language import speak, tr
from genstudio.domain.retelling import retold


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    speak("en")


def plain() -> str:
    return tr("It is too early to judge")


def with_number() -> str:
    return tr("Saved at step {step:,}. Everything up to here is safe.", step=12345)


def with_decimals() -> str:
    return tr("Each picture has been looked at {epochs:.1f} times.", epochs=3.14159)


def within_another() -> str:
    return tr("Healthy: {how_well}.", how_well=tr("nothing looks wrong"))


@pytest.mark.parametrize("kept_in", ["en", "de", "fr"])
@pytest.mark.parametrize("read_in", ["en", "de", "fr"])
@pytest.mark.parametrize("told", [plain, with_number, with_decimals, within_another])
def test_it_is_what_would_have_been_told(
    kept_in: str, read_in: str, told: Callable[[], str]
) -> None:
    speak(kept_in)
    kept = told()
    speak(read_in)
    assert retold(kept) == told()


@pytest.mark.parametrize("text", ["", "what somebody wrote", "a: b", "12,345"])
def test_what_is_not_known_stays(text: str) -> None:
    speak("de")
    assert retold(text) == text


def test_names_inside_stay() -> None:
    said = tr("Saved “{name}” to {path}.", name="a", path="b")
    assert retold(said) == said


@pytest.mark.parametrize("count", [60, 20_000])
def test_what_a_stranger_wrote_into_a_record_holds_nothing_up(count: int) -> None:
    # Trying all ways of dividing it, or one inside the other, would have no end.
    text = "Healthy: " * count + "Saved at step 1. Everything up to here is safe."
    speak("de")
    assert retold(text).endswith(".")
