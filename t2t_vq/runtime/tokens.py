"""Tokens of a `transformer`, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from t2t_vq.runtime.search import search
from t2t_vq.runtime.steps import carried

if TYPE_CHECKING:
    from t2t_vq.decoding.options import Search
    from t2t_vq.runtime.networks import Networks


def find_tokens(
    networks: Networks, source: np.ndarray, length: int, options: Search, end: int
) -> np.ndarray:
    """Looks for translations.

    Args:
        networks: mapping of names to `Network`.
        source: `[batch, n]` int32, padded with 0.
        length: most tokens of a translation.
        options: a `t2t_vq.decoding.options.Search`.
        end: the token that ends a translation.

    Returns:
        `[batch, num_candidates, length]` int32, best first.
    """
    memory = networks["encoder"]({"source": source})
    predictor = networks["predictor"]
    predict = predictor.bound({"source": source, **memory})

    def step(symbols, index, state):
        position = np.array(index, np.int32)
        return carried(predict({"symbols": symbols, "position": position, **state}))

    state = predictor.empty("past_", len(source) * options.num_candidates)
    return search(step, state, len(source), length, end, options)
