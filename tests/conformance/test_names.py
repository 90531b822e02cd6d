"""No name of ours means something else to Keras, or to a backend of it."""

import re

import common
import keras
from kinds import every_kind

# What Keras asks a layer to define.
ASKED = {"build", "call", "get_config", "output", "supports_masking"}
# The public names of `torch.nn.Module`, which every layer is on that backend; `forward` is a call.
OF_TORCH = re.compile(
    r"(named|register)_\w+|(add|set)_(sub)?module|(double|float|bfloat16|half|type|to|to_empty)"
    r"|(cpu|cuda|ipu|mtia|xpu)|(buffers|children|modules|parameters)|(load_)?state_dict"
    r"|[gs]et_extra_state|get_(buffer|parameter|submodule)|(train|training|eval|zero_grad)"
    r"|apply|call_super_init|compile|dump_patches|extra_repr|forward|requires_grad_|share_memory"
)


@every_kind
def test_no_name_of_a_kind_is_one_of_keras_or_torch(kind):
    layer, plain = common.started(kind), keras.layers.Layer()
    of_classes = {
        name
        for base in type(layer).__mro__
        if base.__module__.startswith("t2t_vq.")
        for name in vars(base)
        if not name.startswith("__")
    }
    of_instance = set(vars(layer)) - set(vars(plain))
    assert of_classes & set(dir(plain)) <= ASKED
    assert not of_instance & set(dir(keras.layers.Layer))
    assert not list(filter(OF_TORCH.fullmatch, of_classes | of_instance))
