"""The same numbers eagerly, in a graph and under XLA, update after update."""

import common
from kinds import covering_kinds, every_kind


def steps(tf, layer, compiled, number=3):
    """Arrays of some training steps, each followed by an evaluation, and the state after them."""

    def step(x, mask):
        result, of_input, of_variables = common.gradients(tf, layer, x, mask)
        common.apply(layer, of_variables, result.statistics)
        return result, of_input, layer.forward_pass(x, mask)

    step, collected = compiled(step), []
    for i in range(number):
        x = tf.constant(common.padded(common.vectors(i)))
        training, of_input, evaluation = step(x, tf.constant(common.MASK))
        collected += [common.arrays(training), {"gradient": of_input}, common.arrays(evaluation)]
    return [*collected, dict(enumerate(layer.get_weights()))]


@every_kind
def test_eager_graph_and_xla_agree(kind, tf):
    start = common.started(kind)
    eager, graph, xla = (
        steps(tf, common.with_weights(start, start.get_weights()), compiled)
        for compiled in (
            lambda step: step,
            tf.function(autograph=False),
            tf.function(jit_compile=True, autograph=False),
        )
    )
    for compiled in (graph, xla):
        for actual, expected in zip(compiled, eager, strict=True):
            common.assert_close(actual, expected)


@covering_kinds
def test_batches_of_any_size_keep_the_width_that_layers_behind_them_need(kind, tf):
    layer = common.started(kind)
    batch, length, dim = common.vectors(0).shape

    @tf.function(
        input_signature=[tf.TensorSpec([None, length, dim]), tf.TensorSpec([None, length], tf.bool)]
    )
    def widths(x, mask):
        output = layer.forward_pass(x, mask).output
        assert output.dense.shape[1:] == (length, dim)
        if layer.has_codes:
            assert output.codes.shape[1:] == (length, layer.num_codebooks)
            assert layer.embed(output.codes).shape[1:] == (length, dim)
        return output.dense

    assert widths(common.vectors(0), common.MASK).shape == (batch, length, dim)


@covering_kinds
def test_eager_gradients_flow_after_a_graph_for_batches_of_any_size(kind, tf):
    # TensorFlow takes that graph's programs for eager batches too, if none fits them better.
    layer = common.started(kind)
    specification = [tf.TensorSpec([None, None, common.DIM]), tf.TensorSpec([None, None], tf.bool)]

    @tf.function(input_signature=specification, autograph=False)
    def any_size(x, mask):
        return common.gradients(tf, layer, x, mask)[1]

    x, mask = tf.constant(common.vectors(0, 3, 7, common.DIM)), tf.ones((3, 7), tf.bool)
    of_input = any_size(x, mask)
    common.assert_close({"x": common.gradients(tf, layer, x, mask)[1]}, {"x": of_input})
