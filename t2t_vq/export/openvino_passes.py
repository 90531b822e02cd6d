"""Rewrites networks of OpenVINO to what its processor plugin runs in fewer operations.

TensorFlow's graphs say in many small operations what OpenVINO has one for, and a network of dynamic
lengths pays for each, as it works out its shapes anew. What is rewritten computes the same.
"""

import numpy as np
import openvino as ov
from openvino import opset13, passes


def rewrite(model):
    """Rewrites an `openvino.Model` in place."""
    _join_projections(model)
    _fold_heads(model)
    _join_norms(model)
    folding = passes.Manager()
    folding.register_pass(passes.ConstantFolding())
    folding.run_passes(model)
    model.validate_nodes_and_infer_types()


def _constant(values):
    return opset13.constant(np.array(values, np.int64))


def _einsums(model, ranks):
    """Yields the products of an input and a constant kernel, given the ranks of both."""
    for node in model.get_ordered_ops():
        if node.get_type_name() == "Einsum":
            shapes = [value.get_partial_shape() for value in node.input_values()]
            if [shape.rank.get_length() for shape in shapes] == list(ranks) and shapes[1].is_static:
                yield node, list(shapes[1].to_shape())


def _join_projections(model):
    """Makes one product of all `blc,chd->bhld` of one input: queries, keys and values."""
    groups = {}
    for node, (dim, heads, size) in _einsums(model, (3, 3)):
        if node.get_attributes()["equation"] in ("blc,chd->bhld", "abc,cde->adbe"):
            source = node.input_value(0)
            key = (source.get_node().get_friendly_name(), source.get_index())
            groups.setdefault(key, []).append((node, dim, heads, size))
    for group in groups.values():
        _join(group)


def _join(group):
    nodes = [node for node, *_ in group]
    _, dim, heads, size = group[0]
    kernels = [opset13.reshape(node.input_value(1), _constant([dim, -1]), False) for node in nodes]
    added = [_added(node) for node in nodes]
    joined = opset13.matmul(nodes[0].input_value(0), opset13.concat(kernels, 1), False, False)
    biases = [
        opset13.broadcast(
            opset13.constant(np.zeros((), np.float32)), _constant([1, 1, heads * size])
        )
        if add is None
        else opset13.reshape(add[1], _constant([1, 1, heads * size]), False)
        for add in added
    ]
    joined = opset13.add(joined, opset13.concat(biases, 2))
    parts = opset13.split(joined, _constant(2), len(nodes)).outputs()
    for node, add, part in zip(nodes, added, parts, strict=True):
        by_head = opset13.reshape(part, _constant([0, 0, heads, size]), True)
        swapped = opset13.transpose(by_head, _constant([0, 2, 1, 3]))
        _replace(node if add is None else add[0], swapped)


def _added(node):
    """Returns the sum that a product goes into and the constant added there, or None."""
    consumers = list(node.output(0).get_target_inputs())
    add = consumers[0].get_node()
    if len(consumers) != 1 or add.get_type_name() != "Add":
        return None
    bias = add.input_value(1 - consumers[0].get_index())
    return (add, bias) if bias.get_node().get_type_name() == "Constant" else None


def _fold_heads(model):
    """Makes a plain product of each `bhld,hdc->blc`, which joins what the heads found."""
    for node, (heads, size, dim) in _einsums(model, (4, 3)):
        if node.get_attributes()["equation"] not in ("bhld,hdc->blc", "abcd,bde->ace"):
            continue
        by_position = opset13.transpose(node.input_value(0), _constant([0, 2, 1, 3]))
        flat = opset13.reshape(by_position, _constant([0, 0, heads * size]), True)
        kernel = opset13.reshape(node.input_value(1), _constant([-1, dim]), False)
        _replace(node, opset13.matmul(flat, kernel, False, False))


def _join_norms(model):
    """Makes one operation of each layer normalisation, `x * s + (b - mean * s)`."""
    for squares in model.get_ordered_ops():
        if squares.get_type_name() == "SquaredDifference":
            found = _norm(squares)
            if found:
                last, factor, shift, epsilon = found
                normed = opset13.mvn(
                    squares.input_value(0), _constant([-1]), True, epsilon, "inside_sqrt"
                )
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


def graph_of(network):
    """Returns a `Network` as an `openvino.Model` whose inputs and outputs are named as it says."""
    graph, outputs = network.frozen()
    model = ov.convert_model(graph)
    known = {*network.inputs, *outputs}
    # A tensor has the names of what it passed through, too, and rewriting moves some.
    names = [
        {name.removesuffix(":0") for name in port.get_names()} & known
        for port in (*model.inputs, *model.outputs)
    ]
    rewrite(model)
    for port, name in zip((*model.inputs, *model.outputs), names, strict=True):
        port.get_tensor().set_names(name)
    return model
