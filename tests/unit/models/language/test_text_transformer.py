"""The language model: what is kept while writing changes nothing, and it learns what it reads."""

import numpy as np
import pytest
import tiny_studio
import torch

from genstudio.domain.byte_pairs import BOUNDARY
from genstudio.domain.modalities import TEXTS
from genstudio.domain.operations import CONTINUE_TEXT, GENERATE
from genstudio.domain.words import PADDING
from genstudio.models.blocks.decoder_only import DecoderOnly
from genstudio.models.blocks.text_writing import (
    ContinuationSettings,
    WritingSettings,
    nats_of,
    written,
)
from genstudio.models.language.text_transformer import TextTransformer, TextTransformerConfig
from genstudio.models.protocol import Batch, DataSpec, Request

MOST_STEPS = 400
KNOWN_NATS = 0.1


@pytest.fixture(scope="module")
def model() -> TextTransformer:
    """A small one that has read the tales until it knows them."""
    torch.manual_seed(0)
    data = DataSpec(modality=TEXTS, words=tiny_studio.words_for("text-transformer"))
    model = TextTransformer(TextTransformerConfig(width=64, depth=2, dropout=0.0), data)
    dataset = tiny_studio.dataset_for("text-transformer", np.zeros((16, 8, 8, 3), np.uint8))
    ids = torch.as_tensor(dataset.fields["tokens"].values)
    (phase,) = model.phases()
    adam = torch.optim.Adam(phase.parameters, lr=5e-3)
    # Until it knows them: how many steps that takes differs from processor to processor.
    for _ in range(MOST_STEPS):
        loss = model.losses("writer", Batch(fields={"tokens": ids}, images_seen=0), 0).total
        if float(loss.detach()) < KNOWN_NATS:
            break
        loss.backward()
        adam.step()
        adam.zero_grad()
    return model


@torch.no_grad()
def test_written_one_by_one_the_logits_are_those_of_all_at_once() -> None:
    torch.manual_seed(0)
    network = DecoderOnly(50, 40, width=64, depth=2).eval()
    ids = torch.randint(50, (3, 40))
    whole = network(ids)
    kept = network.memory(3)
    # A beginning, one, one, several, the rest.
    parts = ids.split([5, 1, 1, 13, 20], dim=1)
    starts = np.cumsum([0] + [part.shape[1] for part in parts])
    found = [network(part, kept, int(start)) for part, start in zip(parts, starts, strict=False)]
    torch.testing.assert_close(torch.cat(found, dim=1), whole, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_no_place_sees_what_comes_after_it() -> None:
    torch.manual_seed(0)
    network = DecoderOnly(50, 40, width=64, depth=2).eval()
    ids = torch.randint(50, (1, 40))
    other = ids.clone()
    other[0, 20:] = (ids[0, 20:] + 1) % 50
    torch.testing.assert_close(network(ids)[:, :20], network(other)[:, :20])
    assert not torch.allclose(network(ids)[:, 20:], network(other)[:, 20:])


def test_padding_is_left_out_and_changes_no_loss(model: TextTransformer) -> None:
    generator = torch.Generator().manual_seed(2)
    ids = torch.randint(3, 40, (7, 257), generator=generator)
    for row, length in enumerate((257, 3, 90, 1, 0, 200, 90)):
        ids[row, length:] = PADDING
    batch = Batch(fields={"tokens": ids}, images_seen=0)
    with torch.no_grad():
        loss = model.losses("writer", batch, 0).total
        nats = nats_of(model.network["writer"](ids[:, :-1]), ids[:, 1:])
        plain = nats.sum() / (ids[:, 1:] != PADDING).sum()
    torch.testing.assert_close(loss, plain, rtol=1e-5, atol=1e-5)


def test_rows_of_padding_alone_cost_nothing(model: TextTransformer) -> None:
    batch = Batch(fields={"tokens": torch.full((2, 257), PADDING)}, images_seen=0)
    losses = model.losses("writer", batch, 0)
    losses.total.backward()
    assert float(losses.total.detach()) == 0


@torch.no_grad()
def test_it_writes_on_beyond_what_it_can_see_at_once() -> None:
    torch.manual_seed(0)
    network = DecoderOnly(50, 32, width=32, depth=1).eval()
    for length in (1, 30, 32, 100):
        prompt = [BOUNDARY] + [3] * length
        (text,) = written(network, prompt, [4], most=90, temperature=1.0, top_p=1.0)
        assert 0 < len(text) <= 90


def test_it_learns_what_it_reads(model: TextTransformer) -> None:
    known = tiny_studio.tales(1)[0]
    shuffled = " ".join(sorted(known.split()))
    assert model.nats_of_text(known) < model.nats_of_text(shuffled) / 3
    # What stands before makes what follows likelier.
    assert model.nats_of_text(" other;", after="“It is,” said the") < model.nats_of_text(" other;")


def test_it_goes_on_from_what_is_given(model: TextTransformer) -> None:
    # Behind the number of the day, which nothing foretells.
    begun = tiny_studio.tales(4)[3].partition("It was a")[0] + "It was a"
    codes = np.array([ord(it) for it in begun], np.int64)
    request = Request(
        seeds=[1],
        settings=ContinuationSettings(words=12, temperature=0.0),
        inputs={"text": [codes]},
    )
    (made,) = model.run(CONTINUE_TEXT, request)
    assert "long way" in made.data


def test_it_ends_behind_a_sentence_and_keeps_to_a_length(model: TextTransformer) -> None:
    settings = WritingSettings(words=10, beginning="The hare")
    for made in model.run(GENERATE, Request(seeds=range(6), settings=settings)):
        assert made.data.startswith("The hare")
        assert len(made.data.split()) < 60


def test_words_are_proposed_as_words(model: TextTransformer) -> None:
    words = model.next_words("The", 3, 8, 1.0)
    assert words
    assert all(word.isalpha() for word in words)
    assert words == model.next_words("The", 3, 8, 1.0)
