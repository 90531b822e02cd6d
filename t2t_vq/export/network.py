"""A part of a model as a function of arrays, to be written in another library's format."""

import dataclasses
from collections.abc import Callable

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import (
    convert_variables_to_constants_v2,
)

from t2t_vq.backend.compilation import plain_operations


@dataclasses.dataclass(frozen=True)
class Network:
    """A function of named arrays, whose lengths are not fixed.

    Attributes:
        name: of the file that it is written to.
        function: from tensors, by name, to a dict of tensors.
        inputs: for each argument its `tf.TensorSpec`, None where a dimension is free.
    """

    name: str
    function: Callable
    inputs: dict

    def frozen(self) -> tuple[tf.Graph, list[str]]:
        """Returns the function as a graph with its weights as constants.

        Returns:
            `(graph, names of its outputs)`; both its arguments and its results are tensors of these
            names in the graph.
        """

        def named(**tensors):
            found = self.function(**tensors)
            return {name: tf.identity(tensor, name=name) for name, tensor in found.items()}

        specifications = {
            name: tf.TensorSpec(spec.shape, spec.dtype, name) for name, spec in self.inputs.items()
        }
        with plain_operations():
            traced = tf.function(named, autograph=False).get_concrete_function(**specifications)
        return convert_variables_to_constants_v2(traced).graph, list(traced.structured_outputs)
