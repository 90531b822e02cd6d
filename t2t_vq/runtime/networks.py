"""Networks of an export, whichever library runs them."""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath


class Network:
    """A function of named arrays, compiled; each thread that calls it computes apart.

    Args:
        inputs: dict of the names of its arguments to their shapes, None where free.
    """

    def __init__(self, inputs: dict[str, tuple]) -> None:
        self.inputs = inputs

    def bound(self, fixed: Mapping[str, np.ndarray]) -> Callable:
        """Returns a function of the other arguments, for calls that share some.

        Only one such function of a network is in use in a thread at a time.

        Args:
            fixed: dict of arrays; those that the network does not take are left out.

        Returns:
            A function from a dict of the other arrays to a dict of the results, which are arrays
            of their own.
        """
        raise NotImplementedError

    def __call__(self, arrays):
        """Returns a dict of results for a dict of all arguments."""
        return self.bound(arrays)({})

    def empty(self, prefix: str, rows: int) -> dict[str, np.ndarray]:
        """Returns arrays without positions for all inputs of a prefix, for `rows` sequences.

        Args:
            prefix: of the names of the inputs, each `[rows, heads, positions, head_size]`.
            rows: number of sequences.
        """
        return {
            name: np.zeros((rows, shape[1], 0, shape[3]), np.float32)
            for name, shape in self.inputs.items()
            if name.startswith(prefix)
        }


class Networks(Protocol):
    """Networks by name, each ready when it is first asked for."""

    def __getitem__(self, name: str) -> Network:
        """Returns the network of a name."""


def unreadable(folder: StrPath, name: str, error: object) -> InvalidError:
    """Returns the error for a network that its library cannot read."""
    return InvalidError(
        f"The network {name} in {folder} cannot be read ({' '.join(str(error).split())[:300]}). "
        "Its file may be cut short: copy the folder again, or export again."
    )
