"""How good a language model is while it trains: its surprise at held-out pages, and its copies."""

import math
from collections.abc import Callable

import numpy as np
import torch

from genstudio.data.dataset import Dataset
from genstudio.domain import metric_names
from genstudio.domain.byte_pairs import Tokeniser
from genstudio.domain.operations import GENERATE
from genstudio.domain.settings import parse_settings
from genstudio.metrics.ngrams import KneserNey
from genstudio.metrics.verbatim import VerbatimIndex
from genstudio.models.capabilities import Writes
from genstudio.models.protocol import Request, TrainableModel
from genstudio.models.tasks import task_of

_MOST_ROWS = 96
_NUM_TEXTS = 4
_WORDS = 60
# Far from the seeds that people look at first.
_FIRST_SEED = 2**32


class TextMeter:
    """Measures a model that writes, on always the same held-out rows.

    Attributes:
        count: Texts that are written to look for copies.

    Args:
        dataset: With a field "tokens".
    """

    def __init__(self, dataset: Dataset) -> None:
        self.count = _NUM_TEXTS
        tokens = dataset.fields["tokens"]
        self._tokeniser = Tokeniser(list(dataset.words))
        self._learned = tokens.take(dataset.learned_from())
        held_out = dataset.held_out_of()
        spread = np.linspace(0, len(held_out) - 1, min(len(held_out), _MOST_ROWS))
        self._held_out = tokens.take(held_out[spread.astype(np.int64)])
        sizes = np.array(self._tokeniser.num_bytes())
        self._num_bytes = int(sizes[self._held_out[:, 1:]].sum())
        self._index: VerbatimIndex | None = None
        self._ngram_bits = 0.0
        self._usual_share = 0.0

    def measure(
        self,
        model: TrainableModel,
        is_hurried: Callable[[], bool],
        *,
        examined: TrainableModel | None = None,
    ) -> dict[str, float]:
        """Measure the averaged model.

        Returns:
            Figures, named as in :mod:`genstudio.domain.metric_names`; empty if there was no time.
        """
        del examined
        assert isinstance(model, Writes), "whatever writes texts says how likely they are"
        if self._index is None:
            self._look_at_texts()
        figures: dict[str, float] = {}
        if self._num_bytes:
            nats = model.nats({"tokens": torch.as_tensor(self._held_out)})
            figures[metric_names.BITS_PER_BYTE] = self._bits(float(nats.sum()))
            figures[metric_names.BITS_PER_BYTE_NGRAM] = self._ngram_bits
        settings = parse_settings(task_of(model, GENERATE).settings, {"words": _WORDS})
        request = Request(seeds=range(_FIRST_SEED, _FIRST_SEED + self.count), settings=settings)
        shares: list[float] = []
        for artifact in model.run(GENERATE, request):
            if is_hurried():
                return {}
            assert self._index is not None
            shares.append(self._index(str(artifact.data)).share)
        figures[metric_names.COPIED_WORDS] = float(np.mean(shares))
        figures[metric_names.COPIED_WORDS_FLOOR] = self._usual_share
        return {name: value for name, value in figures.items() if math.isfinite(value)}

    def _look_at_texts(self) -> None:
        self._index = VerbatimIndex(self._tokeniser.text(row) for row in self._learned.tolist())
        if self._num_bytes:
            ngram = KneserNey(self._learned, self._tokeniser.num_ids)
            self._ngram_bits = self._bits(float(ngram.nats(self._held_out).sum()))
            held_out = (self._tokeniser.text(row) for row in self._held_out.tolist())
            self._usual_share = float(np.mean([self._index(text).share for text in held_out]))

    def _bits(self, nats: float) -> float:
        return nats / math.log(2) / self._num_bytes
