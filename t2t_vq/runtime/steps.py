"""What a search carries from one step to the next."""


def carried(found, **state):
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
