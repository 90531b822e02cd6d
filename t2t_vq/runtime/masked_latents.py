"""Latent codes all at once, or in passes; see `t2t_vq.layers.masked_latent_predictor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from t2t_vq.runtime.search import log_softmax, perturb, top_k

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
    """Looks for codes; hides those again, pass after pass, that it was least sure of.

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
    counts = _choose_counts(memory["length_logits"], options)
    longest = int(counts.max())
    predict = networks["predictor"].bound({"source": source, "memory": memory["memory"]})
    heads = [networks[f"code_head_{number}"] for number in range(1, num_codebooks)]
    is_there = np.arange(longest) < counts
    is_hidden = is_there
    codes = np.zeros((len(counts), longest, num_codebooks), np.int32)
    certainty = np.zeros(is_there.shape, np.float32)
    for index in range(options.passes):
        first = predict({"codes": codes, "is_hidden": is_hidden, "counts": counts})
        found, certain = _choose_codes(first, heads, options, index, length)
        codes = np.where(is_hidden[..., None], found, codes)
        certainty = np.where(is_hidden, certain, certainty)
        # Of L codes, L (passes - 1 - index) / passes are hidden again.
        again = counts * (options.passes - 1 - index) // options.passes
        is_hidden = _lowest(certainty, is_there, again)
    latents = np.full((len(counts), length, num_codebooks), num_codes, np.int32)
    latents[:, :longest] = np.where(is_there[..., None], codes, num_codes)
    return latents.reshape(len(source), options.num_candidates, length, num_codebooks)


def _choose_counts(logits, options):
    """Returns numbers of latents, one for each candidate, `[batch * num_candidates, 1]`."""
    if options.num_samples:
        repeated = np.repeat(logits, options.num_samples, axis=0)
        chosen = perturb(repeated, options, 0).argmax(axis=-1)
    else:
        chosen = top_k(logits, min(options.beam_size, logits.shape[-1]))[1]
        # A beam wider than there are lengths holds the best more than once.
        chosen = chosen[:, np.arange(options.beam_size) % chosen.shape[1]]
    return chosen.reshape(-1, 1).astype(np.int32) + 1


def _choose_codes(first, heads, options, index, positions):
    """Returns codes `[rows, latents, C]`, and the log-probability of each position's."""
    logits, hidden = first["logits"], first.get("hidden")
    codes, certain = [], 0.0
    for number in range(len(heads) + 1):
        drawn = logits
        if options.num_samples:
            draw = 1 + index * (len(heads) + 1) + number
            drawn = perturb(logits, options, draw, positions)
        chosen = drawn.argmax(axis=-1).astype(np.int32)
        scores = np.take_along_axis(log_softmax(logits), chosen[..., None], axis=-1)
        codes.append(chosen)
        certain = certain + scores[..., 0]
        if number < len(heads):
            found = heads[number]({"hidden": hidden, "codes": chosen})
            logits, hidden = found["logits"], found["next_hidden"]
    return np.stack(codes, axis=-1), certain


def _lowest(values, mask, count):
    """Returns which of the masked positions have the `count` `[rows, 1]` lowest values."""
    order = np.argsort(np.where(mask, values, np.inf), axis=-1, kind="stable")
    rank = np.argsort(order, axis=-1, kind="stable")
    return mask & (rank < count)
