"""Search for the best sequence of symbols, tokens and latent codes alike.

A search calls `step(symbols, index, state) -> (logits, state)`: symbols `[rows]` chosen at position
`index - 1` (meaningless at position 0), logits `[rows, num_symbols]` for position `index`, and a
nested structure of tensors, each with `rows` first, that carries the caches.
"""

from collections.abc import Callable
from typing import Any

from t2t_vq.tensors import Tensor

Step = Callable[[Tensor, Tensor, Any], tuple[Tensor, Any]]
