"""Rewrites networks of ONNX to fewer operations that compute the same.

What `openvino_passes` does for OpenVINO: TensorFlow's graphs say in many small operations what ONNX
has one for, and each costs some microseconds whatever its size.
"""

import re

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from t2t_vq.layers.attention import KEEPS_LENGTHS

_SAME_VALUES = ("Cast", "Identity", "Unsqueeze")


def rewrite(model: onnx.ModelProto) -> None:
    """Rewrites an `onnx.ModelProto` in place."""
    graph = _Graph(model.graph)
    for node in list(model.graph.node):
        if node.op_type == "MatMul" and re.search(r"Tensordot(_\d+)?/MatMul$", node.name):
            _keep_rank(graph, node)
        elif node.op_type == "Reshape" and KEEPS_LENGTHS in node.name:
            _keep_lengths(graph, node)
        elif node.op_type == "Mul" and node.input[0] == node.input[1]:
            _join_norm(graph, node)
        elif node.op_type == "ReduceMin":
            _join_argmax(graph, node)
    for node in model.graph.node:
        if node.op_type == "Shape":
            _ask_earlier(graph, node)
    graph.drop_unused()


def _keep_rank(graph, product):
    """Multiplies `[batch, length, dim]` as it is, where TensorFlow goes through `[rows, dim]`."""
    flat, whole = graph.producer.get(product.input[0]), graph.consumer(product, "Reshape")
    swapped = flat is not None and graph.producer.get(flat.input[0])
    if whole is not None and swapped and swapped.op_type == "Transpose":
        order = helper.get_node_attr_value(swapped, "perm")
        if list(order) == sorted(order):
            inputs = [swapped.input[0], product.input[1]]
            graph.replace(whole, helper.make_node("MatMul", inputs, whole.output, whole.name))


def _ask_earlier(graph, shape):
    """Takes a shape from where a residual branch began, so that many are the same.

    ONNX Runtime computes what is the same once.
    """
    node = graph.producer.get(shape.input[0])
    while node is not None and (
        node.op_type == "LayerNormalization"
        or (node.op_type == "Add" and "transformer_block" in node.name.rpartition("/")[0])
    ):
        shape.input[0] = node.input[0]
        node = graph.producer.get(node.input[0])


def _keep_lengths(graph, reshape):
    """Lets attention split and join heads without working out `[batch, length]`, which stay."""
    shape = graph.made_by(reshape.input[1])
    if shape is not None and shape.op_type == "Concat":
        sizes = [graph.constant(name) for name in shape.input]
        # Sizes are -1, then the length, which is computed, then constants.
        rest = [int(size.reshape(())) for size in sizes[2:] if size is not None]
        if sizes[1] is None and len(rest) == len(sizes) - 2:
            reshape.input[1] = graph.add_constant(np.array([0, 0, *rest], np.int64))


def _join_norm(graph, square):
    """Makes one operation of a layer normalisation, `x * s + (b - mean * s)`, given its square."""
    centred = graph.producer.get(square.input[0])
    if centred is None or centred.op_type != "Sub":
        return
    x, mean = centred.input
    averaged = graph.made_by(mean)
    variance = graph.consumer(square, "ReduceMean")
    if averaged is None or averaged.op_type != "ReduceMean" or variance is None:
        return
    offset = graph.consumer(variance, "Add")
    root = offset is not None and graph.consumer(offset, "Sqrt")
    inverse = root and graph.consumer(root, "Reciprocal")
    scale = inverse and graph.consumer(inverse, "Mul")
    factor = None if not scale else graph.constant(_other(scale, inverse))
    epsilon = None if factor is None else graph.constant(_other(offset, variance))
    if epsilon is None or factor.size != factor.shape[-1]:
        return
    users = graph.consumers.get(scale.output[0], [])
    scaled = [user for user in users if x in user.input]
    moved = [user for user in users if x not in user.input]
    if len(scaled) != 1 or len(moved) != 1:
        return
    last, shifted = graph.consumer(scaled[0], "Add"), graph.consumer(moved[0], "Add")
    if last is None or shifted is None:
        return
    inputs = [x, graph.add_constant(factor.reshape(-1))]
    if shifted.name != last.name:
        shift = graph.constant(_other(shifted, moved[0]))
        if shift is None or shift.size != factor.size:
            return
        inputs.append(graph.add_constant(shift.reshape(-1)))
    joined = helper.make_node(
        "LayerNormalization",
        inputs,
        [last.output[0]],
        name=f"{last.name}/joined",
        axis=-1,
        epsilon=float(epsilon.reshape(())),
    )
    graph.replace(last, joined)


def _join_argmax(graph, smallest):
    """Makes one operation of `em.most_probable`: the first column that equals the maximum.

    To choose columns takes ONNX six passes over integers: half of the time of a batch's decoder.
    """
    is_largest = graph.before(smallest, "Add", "Mul", "Equal")
    largest = is_largest and graph.before(is_largest, "ReduceMax")
    if not largest or largest.input[0] not in is_largest.input:
        return
    found = f"{smallest.output[0]}/argmax"
    graph.replace(
        smallest,
        helper.make_node("ArgMax", [largest.input[0]], [found], found, axis=-1, keepdims=0),
        helper.make_node("Cast", [found], smallest.output, smallest.name, to=TensorProto.INT32),
    )


def _other(node, known):
    """Returns the input of a node that another node does not make."""
    return node.input[1] if node.input[0] == known.output[0] else node.input[0]


class _Graph:
    """A graph with its nodes by what they make and use.

    Attributes:
        producer: from the name of a tensor to the node that makes it.
        consumers: from the name of a tensor to the nodes that use it.
    """

    def __init__(self, proto):
        self._proto = proto
        self._constants = {each.name: each for each in proto.initializer}
        self._kept = {each.name for each in proto.output}
        self.producer, self.consumers = {}, {}
        for node in proto.node:
            for name in node.output:
                self.producer[name] = node
            for name in node.input:
                self.consumers.setdefault(name, []).append(node)

    def consumer(self, node, kind):
        """Returns the only node that uses a node's result, if it is of a kind; else None."""
        nodes = self.consumers.get(node.output[0], [])
        return nodes[0] if [each.op_type for each in nodes] == [kind] else None

    def made_by(self, name):
        """Returns the node that computes a tensor, but for its type and rank; or None."""
        node = self.producer.get(name)
        while node is not None and node.op_type in _SAME_VALUES:
            node = self.producer.get(node.input[0])
        return node

    def before(self, node, *kinds):
        """Returns the node from which others lead to this one, the nearest of the kinds first.

        What changes type and rank alone is passed over. None if there is no such way.
        """
        if not kinds:
            return node
        nodes = filter(None, map(self.made_by, node.input))
        ways = (self.before(each, *kinds[1:]) for each in nodes if each.op_type == kinds[0])
        return next(filter(None, ways), None)

    def constant(self, name):
        """Returns the array of a constant, but for its type and rank; None for what is computed."""
        while name in self.producer and self.producer[name].op_type in _SAME_VALUES:
            name = self.producer[name].input[0]
        found = self._constants.get(name)
        return None if found is None else numpy_helper.to_array(found)

    def add_constant(self, array):
        """Returns the name of a new constant."""
        name = f"joined_{len(self._constants)}"
        self._constants[name] = numpy_helper.from_array(array, name)
        self._proto.initializer.append(self._constants[name])
        return name

    def replace(self, node, *by):
        """Puts nodes, the last of which makes the same tensor, in another's place."""
        index = next(i for i, each in enumerate(self._proto.node) if each.name == node.name)
        self._proto.node.remove(self._proto.node[index])
        for each in reversed(by):
            self._proto.node.insert(index, each)

    def drop_unused(self):
        """Drops nodes and constants that nothing uses any more."""
        used = set(self._kept)
        kept = []
        for node in reversed(self._proto.node):
            if used.intersection(node.output):
                used.update(node.input)
                kept.append(node)
        constants = [each for each in self._proto.initializer if each.name in used]
        del self._proto.node[:], self._proto.initializer[:]
        self._proto.node.extend(reversed(kept))
        self._proto.initializer.extend(constants)
