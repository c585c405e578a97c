"""What texts are like, in numbers: letters, lengths, signs and words, without a model."""

import math
import re
import zlib
from collections import Counter

import numpy as np
import torch
from torch import Tensor

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SIGNS = ".,;:!?-\"'’\n()"
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE_END = re.compile(r"[.!?…]+[\"”’)]*\s|\n")
_WORD_BINS = 96
# About as much, all together, as all words.
_STYLE_WEIGHT = 2.0


def text_features(texts: list[str]) -> Tensor:
    """Features (N, D) of texts, each column standardised among them.

    Among them are shares of letters and signs, lengths of words and sentences, variety, and the
    frequencies of words, hashed.
    """
    rows = np.array([_row(text) for text in texts])
    spread = rows.std(axis=0)
    # A column that hardly changes says nothing, and its chance must not count as much as others.
    rows = (rows - rows.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0)
    rows[:, :-_WORD_BINS] *= _STYLE_WEIGHT
    return torch.as_tensor(rows)


def _row(text: str) -> list[float]:
    words = [word.casefold() for word in _WORD.findall(text)]
    letters, signs = Counter("".join(words)), Counter(text)
    num_letters, num_words = max(letters.total(), 1), max(len(words), 1)
    sentences = [len(_WORD.findall(part)) for part in _SENTENCE_END.split(text)]
    lengths = [count for count in sentences if count] or [0]
    bins = [0.0] * _WORD_BINS
    for word, count in Counter(words).items():
        bins[zlib.crc32(word.encode()) % _WORD_BINS] += count
    return [
        math.log1p(len(words)),
        sum(lengths) / len(lengths),
        max(lengths),
        num_letters / num_words,
        len(set(words)) / num_words,
        sum(letter.isupper() for letter in text) / num_letters,
        *(letters[letter] / num_letters for letter in _LETTERS),
        *(signs[sign] / num_words for sign in _SIGNS),
        *(math.sqrt(count / num_words) for count in bins),
    ]
