"""The types of tensors and of their shapes, for hints.

Nothing heavy is imported for them, and a tensor is of another class on each of Keras's backends; a
docstring tells the shape and type of each.
"""

from typing import Any

Tensor = Any

# Sizes of axes; None where one is not known, and in graphs it may be a scalar tensor.
Shape = tuple[Any, ...]

# What `Bottleneck.update` and `Model.update` take: sums over a batch, by name.
Statistics = dict[str, Tensor]
