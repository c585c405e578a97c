"""Errors keep what they say to people, wherever they go."""

import pickle

import pytest

from genstudio.domain import errors

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.GenStudioError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_from_another_process_says_all_that_it_said_there(
    kind: type[errors.GenStudioError],
) -> None:
    back = pickle.loads(pickle.dumps(kind("What", "Why it matters.", "What to do.")))  # noqa: S301  # made in this line

    assert type(back) is kind
    assert (back.title, back.message, back.hint) == ("What", "Why it matters.", "What to do.")


def test_an_error_reads_as_sentences_without_gaps() -> None:
    assert str(errors.DatasetError("It failed", "So it is.", "Mend it.")) == (
        "It failed. So it is. Mend it."
    )
    assert str(errors.DatasetError("It failed", hint="Mend it.")) == "It failed. Mend it."
    assert str(errors.DatasetError("It failed")) == "It failed."


def test_an_error_about_a_strangers_file_stays_as_short_as_a_person_can_read() -> None:
    error = errors.ProjectError("t" * 10**6, "m" * 10**6, "h" * 10**6)

    assert len(str(error)) < 5000
    assert error.title.endswith("…")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301  # made in this line


def test_a_name_that_is_no_text_can_be_printed_all_the_same() -> None:
    error = errors.DatasetError("The file \udcff.png is damaged")

    assert str(error).encode() == b"The file ?.png is damaged."
