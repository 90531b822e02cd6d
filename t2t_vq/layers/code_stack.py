"""The codes stacked at one position, one after the other: all at once if known, or one a step."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from keras import ops

from t2t_vq.layers.code_head import CodeHead
from t2t_vq.tensors import Tensor

IMPOSSIBLE = -1e9


def later_logits(heads: Sequence[CodeHead], hidden: Tensor, codes: Tensor) -> list[Tensor]:
    """Scores known codes, but for the first of each position.

    Args:
        heads: C - 1 layers `CodeHead`.
        hidden: `[..., dim]` float32, what is known of each position.
        codes: `[..., C]` int32.

    Returns:
        A list of C - 1 tensors, float32 logits `[..., K]`.
    """
    found = []
    for i, head in enumerate(heads):
        logits, hidden = head(hidden, codes[..., i])
        found.append(logits)
    return found


def start_steps(past: Any, rows: Tensor | int, num_codebooks: int, dim: int) -> dict[str, Any]:
    """Returns the state with which `step` begins.

    Args:
        past: state of what scores first codes.
        rows: number of sequences.
        num_codebooks: C.
        dim: width of what is known of a position.
    """
    return {
        "past": past,
        "codes": ops.zeros((rows, num_codebooks), "int32"),
        "hidden": ops.zeros((rows, dim), "float32"),
    }


def step(
    first: Callable[[Tensor, Tensor, Any], tuple[Tensor, Tensor, Any]],
    heads: Sequence[CodeHead],
    symbols: Tensor,
    index: Tensor,
    state: Any,
    num_codes: int,
    num_ends: int = 0,
) -> tuple[Tensor, dict[str, Any]]:
    """Scores one symbol, as `t2t_vq.decoding` asks; each code of a position is a symbol.

    Args:
        first: function `(codes, position, past) -> (logits, hidden, past)` that scores the first
            code of a position: codes `[rows, C]` of the position before, float32 logits
            `[rows, K + num_ends]` and hidden `[rows, dim]`.
        heads: C - 1 layers `CodeHead`.
        symbols: `[rows]` int32, the symbol before.
        index: scalar int32: C times the position, plus the number of the code there.
        state: from `start_steps` or the step before.
        num_codes: K.
        num_ends: symbols beyond the codes, which no position has but as its first. Default 0.

    Returns:
        `(float32 logits [rows, K + num_ends], state)`.
    """
    num_codebooks = len(heads) + 1
    position, depth = index // num_codebooks, index % num_codebooks
    code = ops.minimum(symbols, num_codes - 1)
    # The newest codes: at depth 0, those of the position before.
    codes = ops.concatenate([state["codes"][:, 1:], code[:, None]], axis=1)

    def begin():
        return first(codes, position, state["past"])

    def go_on(head):
        logits, hidden = head(state["hidden"], code)
        logits = ops.pad(logits, [[0, 0], [0, num_ends]], constant_values=IMPOSSIBLE)
        return logits, hidden, state["past"]

    if not heads:
        logits, hidden, past = begin()
    else:
        # A branch for each head: under XLA, weights that are looked up by a number are slow.
        branches = [functools.partial(go_on, head) for head in heads]
        logits, hidden, past = ops.switch(depth, [begin, *branches])
    return logits, {"past": past, "codes": codes, "hidden": hidden}
