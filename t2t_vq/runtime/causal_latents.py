"""Latent codes one after the other; see `t2t_vq.layers.causal_latent_predictor`."""

import numpy as np

from t2t_vq.runtime.search import search
from t2t_vq.runtime.steps import carried

_IMPOSSIBLE = np.float32(-1e9)


def find_latents(networks, source, memory, length, options, num_codes, num_codebooks):
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

    def step(symbols, index, state):
        position, depth = divmod(index, num_codebooks)
        code = np.minimum(symbols, num_codes - 1)[:, None]
        # The newest codes: at depth 0, those of the position before.
        codes = np.concatenate([state.pop("codes")[:, 1:], code], axis=1)
        if depth == 0:
            hidden = state.pop("hidden", None)
            found = predict({"codes": codes, "position": np.array(position, np.int32), **state})
            hidden = found.get("hidden")
            logits, state = carried(found, codes=codes)
        else:
            found = heads[depth - 1]({"hidden": state["hidden"], "codes": code[:, 0]})
            hidden, state = found["next_hidden"], {**state, "codes": codes}
            # No position but the first of a sequence's can be an end.
            logits = np.pad(found["logits"], [(0, 0), (0, 1)], constant_values=_IMPOSSIBLE)
        return logits, state if hidden is None else {**state, "hidden": hidden}

    rows = len(source) * options.num_candidates
    state = {
        "codes": np.zeros((rows, num_codebooks), np.int32),
        **predictor.empty("past_", rows),
    }
    found = search(step, state, len(source), length * num_codebooks, num_codes, options)
    return found.reshape(len(source), options.num_candidates, length, num_codebooks)
