import keras
import numpy as np
from keras import ops

from t2t_vq import em
from t2t_vq.backend import compilation, which


def test_a_fused_function_is_one_program_of_xla_that_takes_variables(tf):
    def function(x):
        return ops.sin(x), ops.cos(x)

    fused = compilation.fused(function)
    for result, expected in zip(fused(keras.Variable([0.5])), function([0.5]), strict=True):
        np.testing.assert_allclose(result, expected, rtol=1e-5)
    operations = tf.function(fused).get_concrete_function(tf.ones(1)).graph.get_operations()
    assert sum("_XlaMustCompile" in operation.node_def.attr for operation in operations) == 1
    assert not any(operation.type == "Sin" for operation in operations)


def test_an_accelerator_fuses_nothing_of_its_own(monkeypatch):
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["gpu:0"])

    def function(x):
        return x

    assert compilation.fused(function) is function


def test_the_equations_still_offer_what_0_1_0_had_there(tf):
    with em.plain_operations():
        assert em.are_operations_plain() and compilation.are_operations_plain()
    assert em.on_cpu is which.on_cpu
