"""Chooses tokens of SMILES among those that the rules of writing allow."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from genstudio.domain.smiles import MOST_TOKENS
from genstudio.domain.smiles_rules import END, SmilesRules
from genstudio.domain.words import FIRST_WORD, PADDING, UNKNOWN


class RuledChoice:
    """Follows texts while they are written, one row each.

    A token is drawn as without rules; where it may not stand, another is drawn among the rest as
    often as the model wants it. So a text that breaks no rule is the one that would have been
    written without them. Where nothing is left, the text ends as it is.

    Args:
        vocabulary: Tokens in the order of their ids.
        count: How many rows are followed; those behind them end at once.
        most: Tokens within which texts are brought to an end.
    """

    def __init__(self, vocabulary: Sequence[str], count: int, most: int = MOST_TOKENS) -> None:
        self._tokens = (*[END] * FIRST_WORD, *vocabulary)
        self._ids = {token: id_ for id_, token in enumerate(vocabulary, start=FIRST_WORD)}
        self._states: list[SmilesRules | None] = [SmilesRules(most) for _ in range(count)]

    def __call__(self, logits: Tensor, draws: Tensor, temperature: float) -> Tensor:
        """Choose the next token of each row.

        Args:
            logits: (N, K).
            draws: Uniform numbers in [0, 1), (N,).
            temperature: Of the choice; 0 takes the likeliest that may stand there.

        Returns:
            Ids (N,), int64.
        """
        # In double precision, and summed as where there are no rules.
        scaled = logits.double() / (temperature if temperature > 0 else 1.0)
        shares = scaled.softmax(1).cpu()
        sums = shares.cumsum(1).numpy()
        numbers, uniform = shares.numpy(), draws.double().cpu().numpy()
        chosen = np.full(len(numbers), PADDING, np.int64)
        for row, state in enumerate(self._states):
            if state is None:
                continue
            id_, self._states[row] = self._next(
                state, numbers[row], sums[row], float(uniform[row]), is_likeliest=temperature <= 0
            )
            chosen[row] = id_
        return torch.as_tensor(chosen, device=logits.device)

    def _next(
        self,
        state: SmilesRules,
        shares: np.ndarray,
        sums: np.ndarray,
        draw: float,
        *,
        is_likeliest: bool,
    ) -> tuple[int, SmilesRules | None]:
        if state.is_running_out and (ending := self._ending(state, shares)) is not None:
            return ending
        left = shares.copy()
        while left.any():
            if is_likeliest:
                id_ = int(left.argmax())
            else:
                id_ = int(np.searchsorted(sums, draw * sums[-1], side="right"))
                id_ = min(id_, len(sums) - 1)
            following = None if id_ == UNKNOWN else state.after(self._tokens[id_])
            if following is not None:
                return id_, None if id_ == PADDING else following
            # Where the draw lies within what is refused is uniform, and so draws the next one.
            low = float(sums[id_ - 1]) if id_ else 0.0
            draw = min(max((draw * float(sums[-1]) - low) / float(left[id_]), 0.0), 1 - 1e-12)
            left[id_] = 0.0
            sums = left.cumsum()
        return PADDING, None

    def _ending(
        self, state: SmilesRules, shares: np.ndarray
    ) -> tuple[int, SmilesRules | None] | None:
        """End a text, or close what is open in it, the likeliest first; None if nothing can be."""
        if state.after(END) is not None:
            return PADDING, None
        closing = [self._ids[it] for it in state.closing if it in self._ids]
        for id_ in sorted(closing, key=lambda it: -float(shares[it])):
            if (following := state.after(self._tokens[id_])) is not None:
                return id_, following
        return None
