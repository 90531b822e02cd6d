"""What a search carries from one step to the next."""

from collections.abc import Callable, Mapping

import numpy as np

# Arrays with a row for each sequence, by name.
State = dict[str, np.ndarray]
# From the last symbols, their position and the state to logits and the next state.
Step = Callable[[np.ndarray, int, State], tuple[np.ndarray, State]]


def carried(found: Mapping[str, np.ndarray], **state: np.ndarray) -> tuple[np.ndarray, State]:
    """Returns `(logits, state)` of a step.

    Args:
        found: dict of a network's results: `logits`, and as `next_NAME` what the next step takes as
            `past_NAME`.
        **state: what else the next step takes.
    """
    for name, array in found.items():
        if name.startswith("next_"):
            state["past_" + name.removeprefix("next_")] = array
    return found["logits"], state
