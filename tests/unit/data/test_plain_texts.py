"""Text files: what they hold comes in whole, and what is no text is told in words."""

from pathlib import Path

import pytest

from genstudio.data.plain_texts import (
    LARGEST_BYTES,
    UnreadableTextError,
    num_words,
    pieces_of,
    read_text,
    words_of,
)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"Caf\xe9 and more", r"not written in UTF-8 \(line 1\).*save it as UTF-8"),
        (b"one\ntwo\nF\xfcchse", r"line 3"),
        ("A fox".encode("utf-16"), "UTF-16"),
        (b"\x00\x01\x02\xff" * 20, "other data"),
        (b"a\x00b", "other data"),
        (b"x" * (LARGEST_BYTES + 1), "larger than 16 MB"),
    ],
)
def test_what_cannot_be_read_says_why(content: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(UnreadableTextError, match=why):
        read_text(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTextError, match="no such file"):
        read_text(tmp_path / "missing.txt")
    with pytest.raises(UnreadableTextError, match="no text file"):
        read_text(tmp_path / "a.png")


def test_windows_files_come_in_clean(tmp_path: Path) -> None:
    path = tmp_path / "A.TXT"
    path.write_bytes("\ufeffEin Fuchs\r\nund mehr\r\n".encode())
    assert read_text(path) == "Ein Fuchs\nund mehr"


def test_words_are_counted_and_compared_without_signs() -> None:
    found = words_of("“The fox's den” — well-known, 2nd.")
    assert found == ["the", "fox's", "den", "well-known", "2nd"]
    assert num_words("… — !") == 0


@pytest.mark.parametrize(
    "text",
    [
        "A short one.",
        "\n\n".join(f"Paragraph {at} has a few words in it." for at in range(60)),
        " ".join(f"Sentence {at} stands alone." for at in range(300)),
        "word " * 3000,
        "x" * 5000,
    ],
)
def test_pieces_join_to_the_text_and_have_about_one_size(text: str) -> None:
    pieces = list(pieces_of(text, 500))
    assert "".join(pieces).strip() == text.strip()
    assert all(len(piece) <= 1000 for piece in pieces)
    assert all(len(piece) >= 250 for piece in pieces[:-1])
