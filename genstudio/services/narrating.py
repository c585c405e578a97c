"""Stories from what is seen: an outline that a person can edit, and its telling, part by part."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from genstudio.data.seen import Seen
from genstudio.domain.byte_pairs import as_written
from genstudio.domain.errors import DatasetError
from genstudio.models.local_language.writers import Sampling, Writer
from genstudio.services.faces import faces_words
from genstudio.services.language_models import prompt_for

# A recipe names up to 64 files, with the outline.
MOST_PARTS: Final = 60
_PART = re.compile(r"^\s*(\d{1,4})\.\s*(.*)$")
_NOTE = "Note:"
_SENTENCE = re.compile(r"(?<=[.!?…])[\"”’]*\s+")
_TOKENS_PER_WORD = 2
_SEED_STEP = 1_000_003
_FEWEST_WORDS = 12
# Characters of the story so far that are given along; less where there is no room.
_ROOMS = (1200, 600, 200)
_TEMPLATE_TOKENS = 40
# What a model without a template writes behind its part is another one.
_STOPS = ("\n", "Picture ", "[")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A picture or a shot of a story.

    Attributes:
        number: From 1.
        image_HWC: What stands for it, uint8.
        seen: What can be said of it.
        tags: Name of what was recognised => how sure it is.
        faces: How many faces are seen; nobody knows whose. 0 also where nothing looks for any.
        motion: How much moves, in a word; empty of single pictures.
        start_s: When it begins; 0 of single pictures.
        end_s: When it ends.
    """

    number: int
    image_HWC: np.ndarray
    seen: Seen
    tags: dict[str, float]
    faces: int = 0
    motion: str = ""
    start_s: float = 0.0
    end_s: float = 0.0

    @property
    def facts(self) -> str:
        """All that is known of it, in a line."""
        named = ", ".join(f"{name} ({share:.2f})" for name, share in self.tags.items())
        parts = (named, faces_words(self.faces), self.seen.words, self.motion)
        return "black, nothing to see" if self.seen.is_black else "; ".join(filter(None, parts))


@dataclass(frozen=True, slots=True)
class Beat:
    """A part of an outline: which picture, and what is known of it, as a person left it."""

    number: int
    facts: str


def outline_of(parts: Sequence[Part]) -> str:
    """Write the outline: a paragraph for each part, with a line for a person's own words."""
    lines: list[str] = []
    for part in parts:
        when = f"{_clock(part.start_s)}–{_clock(part.end_s)} · " if part.end_s else ""
        lines += [f"{part.number}. {when}{part.facts}", f"   {_NOTE} ", ""]
    return "\n".join(lines).strip() + "\n"


def read_outline(text: str, num_parts: int, name: str) -> list[Beat]:
    """Read an outline as a person left it: parts may be gone, moved, or told otherwise.

    Args:
        text: As :func:`outline_of` writes it.
        num_parts: How many pictures or shots there are.
        name: Of its file.

    Raises:
        DatasetError: It has no parts, or names one that is not there.
    """
    beats: list[Beat] = []
    for line in text.splitlines():
        if found := _PART.match(line):
            beats.append(Beat(int(found[1]), found[2].strip()))
        elif beats and (more := line.strip().removeprefix(_NOTE).strip()):
            beats[-1] = Beat(beats[-1].number, f"{beats[-1].facts}; {more}")
    if not beats:
        raise DatasetError(
            f"{name} is no outline",
            "No line of it begins with a number and a point, such as “1. ”.",
            "Have an outline made, and change that.",
        )
    wrong = next((it.number for it in beats if not 1 <= it.number <= num_parts), None)
    if wrong is not None:
        raise DatasetError(
            f"{name} tells of a part {wrong}",
            f"There are {num_parts}.",
            "Keep the numbers of parts, or have a new outline made.",
        )
    return beats[:MOST_PARTS]


def plain_telling(beats: Sequence[Beat], seed: int) -> Iterator[str]:
    """Tell an outline without a language model: what is seen, in whole sentences."""
    generator = torch.Generator().manual_seed(seed)
    for at, beat in enumerate(beats):
        choices = _BEGINNINGS if at == 0 else _ENDINGS if at == len(beats) - 1 else _MIDDLES
        pick = int(torch.randint(len(choices), (), generator=generator))
        facts = re.sub(r"^[\d:]+–[\d:]+ · ", "", beat.facts)
        facts = re.sub(r" \(\d\.\d+\)", "", facts)
        yield choices[pick].format("; ".join(it.strip() for it in facts.split(";") if it.strip()))


_BEGINNINGS = ("It begins so: {}.", "First there is this: {}.", "The first look: {}.")
_MIDDLES = ("Then: {}.", "Next comes this: {}.", "After that: {}.", "Now it is so: {}.")
_ENDINGS = ("And at the end: {}.", "It closes so: {}.", "The last look: {}.")


def told(
    writer: Writer,
    beats: Sequence[Beat],
    *,
    tone: str,
    language: str,
    words: int,
    sampling: Callable[[int], Sampling],
    seed: int,
    use_template: bool,
) -> Iterator[str]:
    """Have a language model tell an outline: a paragraph for each part, as they come.

    Args:
        writer: The model.
        beats: The outline.
        tone: Such as "cheerful".
        language: Such as "English".
        words: Of the whole story, about.
        sampling: Gives how tokens are chosen for a seed.
        seed: Of the story.
        use_template: Whether it is asked as in a conversation, where it can.
    """
    each = max(_FEWEST_WORDS, words // len(beats))
    most = _TOKENS_PER_WORD * each + 16
    story: list[str] = []
    talks = use_template and bool(writer.chat_template)
    for at, beat in enumerate(beats):
        prompt = _prompt(
            writer,
            beats,
            at,
            story,
            tone=tone,
            language=language,
            words=each,
            talks=talks,
            most=most,
        )
        text = ""
        own = sampling(seed + at * _SEED_STEP)
        for piece in writer.write(prompt, most=most, sampling=own):
            text += piece
            if not talks and any(stop in text.strip() for stop in _STOPS):
                break
        paragraph = _paragraph(text, each) or f"({beat.facts})"
        story.append(paragraph)
        yield paragraph


def _prompt(
    writer: Writer,
    beats: Sequence[Beat],
    at: int,
    story: Sequence[str],
    *,
    tone: str,
    language: str,
    words: int,
    talks: bool,
    most: int,
) -> str:
    """What is asked for a part, with as much of the story so far as there is room for."""
    facts, request = beats[at].facts, ""
    for room in (*_ROOMS, 0):
        if talks:
            lately = "\n\n".join(story)[-room:] if room else ""
            request = (
                f"Tell part {at + 1} of {len(beats)} of a {tone} story in {language}, in about "
                f"{words} words and one paragraph. Its picture shows: {facts}. Name only what the "
                "picture shows. Give the paragraph and nothing else."
                + (f"\n\nThe story so far:\n{lately}" if lately else "")
            )
        else:
            told = "".join(f"Picture {n}: {text}\n\n" for n, text in enumerate(story, start=1))
            before = told[-room:] if room else ""
            request = (
                f"A {tone} story in {len(beats)} pictures.\n\n{before}[{facts}]\nPicture {at + 1}:"
            )
        if writer.count(request) + most + _TEMPLATE_TOKENS <= writer.context:
            break
    return prompt_for(writer, system="", request=request, most=most, use_template=talks)


def _paragraph(text: str, words: int) -> str:
    """The first paragraph of what was written, up to the end of a sentence."""
    # Some models write marks of their own, such as of pictures.
    text = re.sub(r"<\|?/?[a-z_]+\|?>", "", as_written(text)).strip()
    for stop in _STOPS:
        text = text.split(stop)[0]
    sentences = _SENTENCE.split(text.strip())
    kept: list[str] = []
    for sentence in sentences:
        kept.append(sentence.strip())
        if sum(len(it.split()) for it in kept) >= words:
            break
    is_cut = len(kept) > 1 and not kept[-1].endswith((".", "!", "?", "…", "”", '"', "’"))
    return " ".join(kept[:-1] if is_cut else kept).strip()


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02}"
