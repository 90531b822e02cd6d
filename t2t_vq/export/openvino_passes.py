"""Rewrites networks of OpenVINO to what its processor plugin runs in fewer operations.

TensorFlow's graphs say in many small operations what OpenVINO has one for, and a network of dynamic
lengths pays for each, as it works out its shapes anew. What is rewritten computes the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openvino import opset13, passes

if TYPE_CHECKING:
    import openvino


def rewrite(model: openvino.Model) -> None:
    """Rewrites an `openvino.Model` in place."""
    _join_norms(model)
    folding = passes.Manager()
    folding.register_pass(passes.ConstantFolding())
    folding.run_passes(model)
    model.validate_nodes_and_infer_types()


def _join_norms(model):
    """Makes one operation of each layer normalisation, `x * s + (b - mean * s)`."""
    for squares in model.get_ordered_ops():
        if squares.get_type_name() == "SquaredDifference":
            found = _norm(squares)
            if found:
                last, factor, shift, epsilon = found
                x, mean = squares.input_values()
                # Not always the last: between convolutions, channels come first.
                axes = mean.get_node().input_value(1)
                normed = opset13.mvn(x, axes, True, epsilon, "inside_sqrt")
                if factor is not None:
                    normed = opset13.multiply(normed, factor)
                if shift is not None:
                    normed = opset13.add(normed, shift)
                _replace(last, normed)


def _norm(squares):
    """Returns the last operation of a normalisation with its factor, shift and epsilon, or None."""
    x, mean = squares.input_values()
    if mean.get_node().get_type_name() != "ReduceMean" or mean.get_node().input_value(0) != x:
        return None
    variance = _only_consumer(squares, "ReduceMean")
    offset = variance and _only_consumer(variance, "Add")
    inverse = offset and _only_consumer(offset, "Power")
    if not inverse:
        return None
    scale, factor = inverse, None
    multiplied = _only_consumer(inverse, "Multiply")
    if multiplied and _other_input(multiplied, inverse).get_node().get_type_name() == "Constant":
        scale, factor = multiplied, _other_input(multiplied, inverse)
    users = [target.get_node() for target in scale.output(0).get_target_inputs()]
    scaled = [user for user in users if x in user.input_values()]
    shifted = [user for user in users if x not in user.input_values()]
    if len(scaled) != 1 or len(shifted) != 1:
        return None
    last = _only_consumer(scaled[0], "Add")
    moved = _only_consumer(shifted[0], "Add")
    if last is None or moved is None:
        return None
    shift = None if _same(last, moved) else _other_input(moved, shifted[0])
    if shift is not None and not _same(_only_consumer(moved, "Add"), last):
        return None
    epsilon = float(_other_input(offset, variance).get_node().get_data().reshape(()))
    return last, factor, shift, epsilon


def _only_consumer(node, kind):
    consumers = [target.get_node() for target in node.output(0).get_target_inputs()]
    return consumers[0] if [each.get_type_name() for each in consumers] == [kind] else None


def _other_input(node, known):
    values = node.input_values()
    return values[1] if _same(values[0].get_node(), known) else values[0]


def _same(node, other):
    return (node and node.get_friendly_name()) == (other and other.get_friendly_name())


def _replace(node, by):
    node.output(0).replace(by.output(0))
