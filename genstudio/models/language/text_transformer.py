"""A small language model: a decoder-only transformer over byte pairs, trained on a person's texts.

Source: Radford et al. 2019, Language Models are Unsupervised Multitask Learners; the blocks are in
blocks/decoder_only.py, how it writes in blocks/text_writing.py.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar, Literal, cast

import torch
from torch import Tensor, nn

from genstudio.data.modalities.texts import WINDOW
from genstudio.domain import roles
from genstudio.domain.artifacts import TEXT, Artifact
from genstudio.domain.byte_pairs import BOUNDARY, Tokeniser, as_written, cleaned, parts_in
from genstudio.domain.cards import TEACH, WRITE, ModelCard
from genstudio.domain.operations import (
    CONTINUE_TEXT,
    GENERATE,
    InputSpec,
    TaskCard,
    generation,
)
from genstudio.domain.settings import Settings, setting
from genstudio.domain.words import PADDING
from genstudio.models.blocks.decoder_only import DecoderOnly
from genstudio.models.blocks.text_writing import (
    AT_ONCE,
    Constraint,
    ContinuationSettings,
    WritingSettings,
    nats_of,
    written,
)
from genstudio.models.protocol import Batch, DataSpec, Losses, OptimizerSpec, Phase, Request
from genstudio.models.sampling import evaluating

# A text that comes to no end stops after so many tokens for each word that was asked for.
_TOKENS_PER_WORD = 3
_ENDS = (".", "!", "?", "…", "。", "！", "？", "\n")
_CLOSED = ("", '"', "”", "’", "»", ")")
_AT_A_TIME = 16
_LONGEST_WORD = 8
_SEEDS_END = 2**63
# Rows of a step are brought together in so many by their length.
_GROUPS = 4


class TextTransformerConfig(Settings):
    """Settings of the language model."""

    width: Literal[32, 64, 128, 192, 256, 384, 512] = setting(
        128,
        title="Size of the model — width",
        help="A larger one can learn more, needs more text, and takes longer for each step.",
        role=roles.WIDTH,
    )
    depth: int = setting(
        4,
        title="Layers — transformer depth",
        help="How many times each word looks at those before it.",
        ge=1,
        le=24,
        advanced=True,
    )
    dropout: float = setting(
        0.1,
        title="Forget a little — dropout",
        help="Keeps a model of few texts from learning them by heart.",
        ge=0.0,
        le=0.6,
        advanced=True,
    )
    learning_rate: float = setting(
        3e-3,
        title="Speed of learning — learning rate",
        help="Higher learns faster until it no longer holds together.",
        ge=1e-6,
        le=1e-2,
        advanced=True,
        logarithmic=True,
    )
    weight_decay: float = setting(
        0.1,
        title="Keep weights small — weight decay",
        help="Higher holds a model of few texts back from learning them by heart.",
        ge=0.0,
        le=1.0,
        advanced=True,
    )


class TextTransformer:
    """Learns how texts go on, and writes, continues and judges texts."""

    card: ClassVar[ModelCard] = ModelCard(
        key="text-transformer",
        title="A language model of your texts",
        summary="Learns how your texts go on, word by word, and writes in their voice; continues, "
        "varies and titles yours.",
        family="language",
        modalities=("texts",),
        output=TEXT,
        capabilities=frozenset({TEACH, WRITE}),
        cost="Words after some minutes, sentences after an hour",
        needs="20,000 words or more; 200,000 are better",
        paper="Radford et al. 2019, Language Models are Unsupervised Multitask Learners; attention "
        "after Vaswani et al. 2017, arXiv:1706.03762",
        suggested_from=0,
        batch=8,
    )
    Config: ClassVar[type[Settings]] = TextTransformerConfig
    tasks: ClassVar[Sequence[TaskCard]] = (
        generation(WritingSettings, TEXT),
        TaskCard(
            key=CONTINUE_TEXT,
            title="Continue",
            settings=ContinuationSettings,
            output=TEXT,
            inputs=(InputSpec(name="text", kind=TEXT, title="Texts"),),
            is_seeded=True,
        ),
    )
    writing_phase = "writer"

    def __init__(self, config: Settings, data: DataSpec) -> None:
        assert isinstance(config, TextTransformerConfig)
        self.config: TextTransformerConfig = config
        self.tokeniser = Tokeniser(list(data.words))
        self.network = nn.ModuleDict(
            {
                "writer": DecoderOnly(
                    self.tokeniser.num_ids,
                    WINDOW,
                    width=config.width,
                    depth=config.depth,
                    dropout=config.dropout,
                )
            }
        )

    def phases(self) -> Sequence[Phase]:
        """All of it learns together."""
        adam = OptimizerSpec(
            learning_rate=self.config.learning_rate,
            betas=(0.9, 0.98),
            weight_decay=self.config.weight_decay,
        )
        return [Phase(name="writer", parameters=list(self.network.parameters()), optimizer=adam)]

    def losses(self, phase: str, batch: Batch, step: int) -> Losses:
        """Negative log-likelihood of each next token, in nats."""
        del phase, step  # There is one.
        ids = batch.fields["tokens"].long()
        count = (ids[:, 1:] != PADDING).sum().clamp_min(1)
        mean = sum(self._sum_of_nats(rows) for rows in _by_length(ids)) / count
        return Losses(mean, {"nats per token": mean.detach()})

    def _sum_of_nats(self, ids: Tensor) -> Tensor:
        return nats_of(self.network["writer"](ids[:, :-1]), ids[:, 1:]).sum()

    def log_likelihoods(self, ids: Tensor, begins: Tensor) -> Tensor:
        """Log-likelihoods of the ends of texts in nats (N,), with gradients, without dropout."""
        writer = self.network["writer"]
        was_training = writer.training
        writer.eval()
        try:
            nats = nats_of(writer(ids[:, :-1]), ids[:, 1:])
        finally:
            writer.train(was_training)
        places = torch.arange(1, ids.shape[1], device=ids.device)
        return -(nats * (places >= begins[:, None])).sum(dim=1)

    def run(self, task: str, request: Request) -> Iterator[Artifact]:
        """Do a task: "generate" or "continue-text"."""
        settings = request.settings
        assert isinstance(settings, ContinuationSettings)
        if task == GENERATE:
            assert isinstance(settings, WritingSettings)
            beginning = cleaned(settings.beginning)
            for start in range(0, len(request.seeds), AT_ONCE):
                seeds = request.seeds[start : start + AT_ONCE]
                for seed, text in zip(seeds, self.write(beginning, seeds, settings), strict=True):
                    yield Artifact(kind=TEXT, data=(beginning + text).strip(), seed=seed)
            return
        assert task == CONTINUE_TEXT
        for seed, codes in zip(request.seeds, request.inputs["text"], strict=True):
            beginning = "".join(map(chr, codes.tolist()))
            (text,) = self.write(beginning, [seed], settings)
            yield Artifact(kind=TEXT, data=text.strip(), seed=seed)

    def write(
        self, beginning: str, seeds: Sequence[int], settings: ContinuationSettings
    ) -> list[str]:
        """Write on after a text, once for each of at most ``AT_ONCE`` seeds."""
        prompt = [BOUNDARY, *self.tokeniser.ids(beginning)]
        wanted = settings.words

        def is_done(ids: Sequence[int]) -> bool:
            # Words begin with a space; to look at the whole text each time would take long.
            if len(ids) < wanted:
                return False
            text = self.tokeniser.text(ids)
            return len(text.split()) >= wanted and _is_at_an_end(text)

        return self.drawn(
            prompt,
            seeds,
            most=_TOKENS_PER_WORD * wanted + 20,
            settings=settings,
            is_done=is_done,
        )

    def drawn(
        self,
        prompt: Sequence[int],
        seeds: Sequence[int],
        *,
        most: int,
        settings: ContinuationSettings,
        is_done: Callable[[Sequence[int]], bool] = lambda _: False,
        constraint: Constraint | None = None,
    ) -> list[str]:
        """Write after some ids under a constraint, see :func:`written`."""
        with evaluating(self.network):
            texts = written(
                cast("DecoderOnly", self.network["writer"]),
                prompt,
                seeds,
                most=most,
                temperature=settings.temperature,
                top_p=settings.top_p,
                is_done=is_done,
                constraint=constraint,
            )
        return [as_written(self.tokeniser.text(ids)) for ids in texts]

    def nats(self, fields: Mapping[str, Tensor]) -> Tensor:
        """Negative log-likelihood of each token of examples: (N, 256), 0 for padding."""
        found: list[Tensor] = []
        with evaluating(self.network) as device:
            for rows in fields["tokens"].split(_AT_A_TIME):
                ids = rows.long().to(device)
                found.append(nats_of(self.network["writer"](ids[:, :-1]), ids[:, 1:]).cpu())
        return torch.cat(found)

    def nats_of_text(self, text: str, *, after: str = "") -> float:
        """Negative log-likelihood of a text after another one, in nats; of what one row holds."""
        before, own = self.tokeniser.ids(after), self.tokeniser.ids(text)
        # What is far away gives way to the text itself.
        before = before[max(0, len(before) + len(own) - WINDOW) :] if len(own) < WINDOW else []
        row = torch.full((1, WINDOW + 1), PADDING)
        ids = [BOUNDARY, *before, *own][: WINDOW + 1]
        row[0, : len(ids)] = torch.tensor(ids)
        return float(self.nats({"tokens": row})[0, len(before) :].sum())

    def next_words(self, before: str, seed: int, count: int, temperature: float) -> list[str]:
        """Draw words that may come next."""
        settings = ContinuationSettings(temperature=temperature)
        found: list[str] = []
        for start in range(0, count, AT_ONCE):
            texts = self.drawn(
                [BOUNDARY, *self.tokeniser.ids(before)],
                [(seed + number) % _SEEDS_END for number in range(start, start + AT_ONCE)],
                most=_LONGEST_WORD,
                settings=settings,
                is_done=lambda ids: len(parts_in(self.tokeniser.text(ids))) > 1,
            )
            firsts = [parts_in(text)[0].strip() for text in texts if text.strip()]
            found += [word for word in firsts if word.isalpha()]
        return found[:count]


def _by_length(ids: Tensor) -> Iterator[Tensor]:
    """Hand out rows (N, T) in some groups of like length, without the padding that all have.

    Nothing looks at what stands behind it, so this changes no loss; a third of the rows of a usual
    set is padding, which would take a third of the time.
    """
    lengths = (ids != PADDING).sum(dim=1)
    order = lengths.argsort(descending=True, stable=True)
    for rows in order.tensor_split(min(_GROUPS, len(order))):
        yield ids[rows, : max(int(lengths[rows[0]]), 2)]


def _is_at_an_end(text: str) -> bool:
    return any(text.endswith(tuple(end + close for end in _ENDS)) for close in _CLOSED)
