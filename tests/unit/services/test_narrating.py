"""Stories: outlines are a person's own, what nobody saw is marked, pages need nothing beside."""

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genstudio.data.seen import seen_in
from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.models.local_language.writers import Sampling
from genstudio.services import speaking
from genstudio.services.narrating import (
    Beat,
    Part,
    outline_of,
    plain_telling,
    read_outline,
    told,
)
from genstudio.services.speaking import spoken
from genstudio.services.storyboards import ToldPart, storyboard, subtitles
from genstudio.services.unseen_words import unseen_words


def part(number: int, *, tags: dict[str, float] | None = None) -> Part:
    image_HWC = np.full((60, 80, 3), 30 * number, np.uint8)
    return Part(
        number=number,
        image_HWC=image_HWC,
        seen=seen_in(image_HWC),
        tags=tags or {},
        motion="still",
        start_s=4.0 * (number - 1),
        end_s=4.0 * number,
    )


class Repeating:
    """Writes the same each time, and keeps what it was asked."""

    context = 4096

    def __init__(self, answer: str, chat_template: str = "") -> None:
        self.answer, self.chat_template = answer, chat_template
        self.prompts: list[str] = []

    def count(self, text: str) -> int:
        return len(text.split())

    def write(
        self,
        prompt: str,
        *,
        most: int,
        sampling: Sampling,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[str]:
        self.prompts.append(prompt)
        yield from self.answer.split("|")


def tell(writer: Repeating, beats: list[Beat], words: int = 60) -> list[str]:
    return list(
        told(
            writer,
            beats,
            tone="dry",
            language="English",
            words=words,
            sampling=lambda seed: Sampling(seed=seed),
            seed=1,
            use_template=True,
        )
    )


def test_an_outline_comes_back_as_it_was_left() -> None:
    parts = [part(1, tags={"squirrel": 0.83}), part(2), part(3)]
    text = outline_of(parts)
    assert "1. 0:00–0:04 · squirrel (0.83); dark" in text
    beats = read_outline(text, 3, "outline.txt")
    assert [beat.number for beat in beats] == [1, 2, 3]
    # A person takes one out, turns two round, and says more.
    changed = "3. the end\n   Note: the fox is gone\n\n1. squirrel\n"
    assert read_outline(changed, 3, "outline.txt") == [
        Beat(3, "the end; the fox is gone"),
        Beat(1, "squirrel"),
    ]


def test_outlines_that_are_none_say_why() -> None:
    with pytest.raises(DatasetError, match="no outline"):
        read_outline("Once upon a time", 3, "a.txt")
    with pytest.raises(DatasetError, match="part 4"):
        read_outline("1. one\n4. four", 3, "a.txt")


def test_without_a_model_it_is_told_plainly_from_what_is_seen() -> None:
    beats = [Beat(1, "0:00–0:04 · squirrel (0.83); dark; grey"), Beat(2, "bright; red")]
    first, second = plain_telling(beats, 3)
    assert "squirrel; dark; grey" in first
    assert "0.83" not in first
    assert "bright; red" in second
    assert list(plain_telling(beats, 3)) == [first, second]


def test_a_model_is_given_the_facts_of_each_part_and_the_story_so_far() -> None:
    writer = Repeating("A dry day.| It goes on.\n\nPicture 3: more")
    beats = [Beat(1, "squirrel; dark"), Beat(2, "bright; red")]
    assert tell(writer, beats) == ["A dry day. It goes on."] * 2
    assert "[squirrel; dark]" in writer.prompts[0]
    assert "Picture 1: A dry day. It goes on." in writer.prompts[1]
    talking = Repeating("Fine.", "{% for m in messages %}{{ m.content }}{% endfor %}")
    tell(talking, beats)
    assert "shows: squirrel; dark." in talking.prompts[0]
    assert "in English" in talking.prompts[0]


def test_where_a_model_says_nothing_the_facts_stand() -> None:
    assert tell(Repeating("\n\n"), [Beat(1, "dark; grey")]) == ["(dark; grey)"]


def test_nouns_that_nobody_saw_are_found() -> None:
    text = (
        "The squirrel sat on a grey stone. Its old friend, the very hungry fox, went to the "
        "river. In the dark, two squirrels slept."
    )
    found = unseen_words(text, ["squirrel (0.83); dark; grey"])
    assert [it.word for it in found] == ["stone", "friend", "fox", "river"]
    assert all(text[it.start : it.end] == it.word for it in found)
    # What a person noted was seen by a person.
    assert [it.word for it in unseen_words(text, ["squirrel", "a fox at the river", "stones"])] == [
        "friend"
    ]


def test_the_page_needs_nothing_beside_it_and_marks_what_nobody_saw() -> None:
    text = "The squirrel & a fox <run>."
    parts = [ToldPart(part(1), Beat(1, "squirrel"), text, unseen_words(text, ["squirrel"]))]
    files = storyboard("A <tale>", parts, ["No tagger."])
    page = files["storyboard.html"].decode()
    assert '<mark title="not seen in the picture">fox</mark>' in page
    assert "A &lt;tale&gt;" in page
    assert "&lt;run&gt;" in page
    assert "data:image/jpeg;base64," in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert files["storyboard.pdf"].startswith(b"%PDF")


def test_subtitles_keep_to_the_shots_and_to_lines() -> None:
    text = "A long sentence that has to be broken into several lines of a subtitle. " * 3
    parts = [ToldPart(part(n), Beat(n, ""), text.strip(), ()) for n in (1, 2)]
    files = subtitles(parts)
    srt = files["story.srt"].decode()
    assert srt.startswith("1\n00:00:00,000 --> ")
    assert "00:00:08,000" in srt
    lines = [line for line in srt.splitlines() if line and "-->" not in line and not line.isdigit()]
    assert max(map(len, lines)) <= 42
    assert files["story.vtt"].decode().startswith("WEBVTT\n\n00:00:00.000 --> ")


def test_a_missing_voice_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speaking.shutil, "which", lambda _: None)
    with pytest.raises(SettingsError, match="no voice"):
        spoken("A tale.")


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_a_longer_text_sounds_longer(tmp_path: Path) -> None:
    short, long = spoken("A fox."), spoken("A fox went down to the river, and it was cold.")
    assert 0.2 < short.seconds < long.seconds
    assert np.abs(short.samples).max() > 0.05
