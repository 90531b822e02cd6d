"""The codes stacked at one position, one after the other; see `t2t_vq.layers.code_stack`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from t2t_vq.runtime.steps import State, Step, carried

if TYPE_CHECKING:
    from t2t_vq.runtime.networks import Network

_IMPOSSIBLE = np.float32(-1e9)


def first_state(predictor: Network, rows: int, num_codebooks: int) -> State:
    """Returns the state with which a step of `stepping` begins.

    Args:
        predictor: the `Network` that scores first codes.
        rows: number of sequences.
        num_codebooks: C.
    """
    codes = np.zeros((rows, num_codebooks), np.int32)
    return {"codes": codes, **predictor.empty("past_", rows)}


def stepping(
    predict: Callable, heads: Sequence[Network], num_codes: int, num_ends: int = 0
) -> Step:
    """Returns a step, as `t2t_vq.runtime.search` asks; each code of a position is a symbol.

    Args:
        predict: function that scores the first code of a position, from a dict of `codes`, those of
            the position before, `position` and the past, to a dict of `logits`, of `hidden` where
            there are heads, and of the next past.
        heads: C - 1 `Network`, which score the other codes.
        num_codes: K.
        num_ends: symbols beyond the codes, which no position has but as its first. Default 0.
    """
    num_codebooks = len(heads) + 1

    def step(symbols, index, state):
        position, depth = divmod(index, num_codebooks)
        code = np.minimum(symbols, num_codes - 1)
        before, hidden = state.pop("codes"), state.pop("hidden", None)
        # The newest codes: at depth 0, those of the position before.
        codes = np.concatenate([before[:, 1:], code[:, None]], axis=1)
        if depth == 0:
            found = predict({"codes": codes, "position": np.array(position, np.int32), **state})
            logits, state = carried(found)
            hidden = found.get("hidden")
        else:
            found = heads[depth - 1]({"hidden": hidden, "codes": code})
            hidden = found["next_hidden"]
            logits = np.pad(found["logits"], [(0, 0), (0, num_ends)], constant_values=_IMPOSSIBLE)
        state["codes"] = codes
        if hidden is not None:
            state["hidden"] = hidden
        return logits, state

    return step
