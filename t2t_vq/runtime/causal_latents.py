"""Latent codes one after the other; see `t2t_vq.layers.causal_latent_predictor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from t2t_vq.runtime import code_stack
from t2t_vq.runtime.search import search

if TYPE_CHECKING:
    from t2t_vq.decoding.options import Search
    from t2t_vq.runtime.networks import Networks


def find_latents(
    networks: Networks,
    source: np.ndarray,
    memory: dict[str, np.ndarray],
    length: int,
    options: Search,
    num_codes: int,
    num_codebooks: int,
) -> np.ndarray:
    """Looks for codes. To the search, those of a position are symbols one after the other.

    Args:
        networks: mapping of names to `Network`.
        source: `[batch, n]` int32, padded with 0.
        memory: dict of what `encoder` made of it.
        length: most latents.
        options: a `t2t_vq.decoding.options.Search`.
        num_codes, num_codebooks: K and C.

    Returns:
        `[batch, num_candidates, length, C]` int32, best first; K is the end and fills the rest.
    """
    predictor = networks["predictor"]
    predict = predictor.bound({"source": source, **memory})
    heads = [networks[f"code_head_{number}"] for number in range(1, num_codebooks)]

    step = code_stack.stepping(predict, heads, num_codes, num_ends=1)
    rows = len(source) * options.num_candidates
    state = code_stack.first_state(predictor, rows, num_codebooks)
    found = search(step, state, len(source), length * num_codebooks, num_codes, options)
    return found.reshape(len(source), options.num_candidates, length, num_codebooks)
