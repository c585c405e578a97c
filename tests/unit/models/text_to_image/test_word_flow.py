"""The small text-to-image model against its papers: gaps in captions, guidance, steps, words."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from genstudio.domain.words import MOST_TOKENS, PADDING, UNKNOWN, token_ids
from genstudio.models.blocks.text import TextEncoder
from genstudio.models.protocol import Batch, DataSpec, Request
from genstudio.models.text_to_image.word_flow import WordFlow, WordFlowConfig, WordFlowSampling

WORDS = {"red": 5, "circle": 4, "blue": 3}


def word_flow(**config: Any) -> WordFlow:
    torch.manual_seed(0)
    values: dict[str, Any] = {"width": 32, "depth": 1, "text_width": 64, **config}
    return WordFlow(WordFlowConfig(**values), DataSpec(size=32, modality="captions", words=WORDS))


def ids(*captions: str) -> Tensor:
    return torch.tensor([token_ids(caption, WORDS) for caption in captions])


class Asked(nn.Module):
    """A flow whose direction is 1 where a caption has words and 0 where it has none."""

    def __init__(self) -> None:
        super().__init__()
        self.anything = nn.Parameter(torch.zeros(()))
        self.times: list[float] = []
        self.counts: list[int] = []

    def forward(self, images: Tensor, times: Tensor, tokens: Tensor, is_word: Tensor) -> Tensor:
        self.times.append(times[0].item())
        self.counts.append(len(images))
        has_words = (is_word.sum(dim=1) > 1).float()
        return has_words[:, None, None, None].expand_as(images)


def drawn(model: WordFlow, **settings: Any) -> np.ndarray:
    request = Request(seeds=[3], settings=WordFlowSampling(**settings))
    return next(model.run("generate", request)).data


def test_padding_says_nothing_and_words_do() -> None:
    torch.manual_seed(0)
    encoder = TextEncoder(2 + len(WORDS), MOST_TOKENS, width=64, depth=2).eval()
    with torch.no_grad():
        encoder.words.weight[PADDING] += 1000  # Nobody may look at it.
        tokens, is_word = encoder(ids("red circle", "blue circle", ""))
        encoder.words.weight[PADDING] -= 1000
        again, _ = encoder(ids("red circle", "blue circle", ""))

    assert is_word.sum(dim=1).tolist() == [3, 3, 1]
    torch.testing.assert_close(tokens[:, 0], again[:, 0])
    assert not torch.allclose(tokens[0, 0], tokens[1, 0])
    assert not torch.allclose(tokens[0, 0], tokens[2, 0])


def test_the_order_of_words_counts() -> None:
    torch.manual_seed(0)
    encoder = TextEncoder(2 + len(WORDS), MOST_TOKENS, width=64, depth=2).eval()
    tokens, _ = encoder(ids("red circle", "circle red"))

    assert not torch.allclose(tokens[0, 0], tokens[1, 0])


def test_captions_and_words_are_left_out_now_and_then() -> None:
    model = word_flow()
    before = ids("red circle").repeat(4000, 1)
    torch.manual_seed(0)
    after = model._with_gaps(before)

    is_empty = (after == PADDING).all(dim=1)
    assert 0.1 < is_empty.float().mean() < 0.14
    rest = after[~is_empty]
    assert 0.02 < (rest[:, :2] == UNKNOWN).float().mean() < 0.04
    assert (rest[:, 2:] == PADDING).all()


def test_the_loss_is_the_error_of_the_direction_from_noise_to_picture() -> None:
    model = word_flow()
    model.network["flow"] = Asked()
    images = torch.zeros(4, 3, 32, 32)
    batch = Batch(fields={"images": images, "tokens": ids(*["red"] * 4)}, images_seen=0)
    torch.manual_seed(1)
    losses = model.losses("flow", batch, 0)

    # Pictures of zeros lie in the direction -noise: (noise + 1)² is 2 on the average, or 1 untold.
    assert 1.0 < losses.total.item() < 2.2


def test_guidance_goes_beyond_what_was_asked_and_stops_before_the_end() -> None:
    model = word_flow()
    model.network["flow"] = flow = Asked()
    noise = model.latents([3], WordFlowSampling()).reshape(3, 32, 32)

    image = drawn(model, prompt="red", guidance=3.0, steps=1)

    expected = ((noise + 3 + 1) / 2).clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(image, expected)
    flow.counts.clear()
    flow.times.clear()
    drawn(model, prompt="red", steps=5)
    assert flow.counts == [2, 2, 2, 1, 1]
    assert flow.times == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])


@pytest.mark.parametrize("settings", [{"prompt": ""}, {"prompt": "zzzz"}, {"guidance": 1.0}])
def test_nothing_is_guided_where_nothing_is_asked(settings: dict[str, Any]) -> None:
    model = word_flow()
    model.network["flow"] = flow = Asked()

    drawn(model, steps=3, **{"prompt": "red", **settings})

    assert flow.counts == [1, 1, 1]


def test_an_unknown_word_draws_what_it_is_taken_for_and_says_so() -> None:
    model = word_flow()
    request = Request(seeds=[3], settings=WordFlowSampling(prompt="reds circle, dragon", steps=2))
    (made,) = model.run("generate", request)

    np.testing.assert_array_equal(made.data, drawn(model, prompt="red circle", steps=2))
    assert made.values == {"read_as": "red circle"}
    plain = Request(seeds=[3], settings=WordFlowSampling(prompt="red circle", steps=2))
    assert next(model.run("generate", plain)).values == {}


def test_captions_of_examples_stand_in_the_place_of_the_prompt() -> None:
    model = word_flow()
    settings = WordFlowSampling(prompt="blue", steps=2)
    tokens = [ids("red circle")[0].numpy(), ids("blue")[0].numpy()]
    made = list(
        model.run("generate", Request(seeds=[3, 3], settings=settings, inputs={"tokens": tokens}))
    )

    np.testing.assert_array_equal(made[0].data, drawn(model, prompt="red circle", steps=2))
    np.testing.assert_array_equal(made[1].data, drawn(model, prompt="blue", steps=2))


def test_it_learns_which_word_means_which_colour() -> None:
    model = word_flow(learning_rate=2e-3)
    colours = {"red": (1.0, -1.0, -1.0), "blue": (-1.0, -1.0, 1.0)}
    images = torch.stack(
        [torch.tensor(colour)[:, None, None].expand(3, 32, 32) for colour in colours.values()] * 4
    )
    fields = {"images": images, "tokens": ids(*[*colours] * 4)}
    optimizer = torch.optim.Adam(model.network.parameters(), lr=2e-3, betas=(0.9, 0.99))
    for step in range(40):
        torch.manual_seed(step)
        optimizer.zero_grad()
        model.losses("flow", Batch(fields=fields, images_seen=0), step).total.backward()
        optimizer.step()

    red, blue = (drawn(model, prompt=word, steps=4).astype(float) for word in colours)
    assert red[..., 0].mean() > red[..., 2].mean() + 60
    assert blue[..., 2].mean() > blue[..., 0].mean() + 60
