"""What the comparison of translation's speed consists of: models, engines, searches, threads."""

import sys
import typing

from experiments import joined, sized

from t2t_vq import config, registry

# Library and what it multiplies in.
XLA = ("xla-float32", "xla-bfloat16")
CTRANSLATE2 = ("ctranslate2-float32", "ctranslate2-int8")
OPENVINO = ("openvino-float32", "openvino-bfloat16", "openvino-int8")
ONNX = ("onnx-float32", "onnx-int8")
# What an export of ours runs in.
NETWORKS = OPENVINO + ONNX
ENGINES = XLA + CTRANSLATE2 + NETWORKS
# XLA takes minutes to compile for each shape, so its other precision is there to be asked for.
DEFAULT_ENGINES = ("xla-float32", *CTRANSLATE2, *NETWORKS)
_LIBRARIES = {
    "xla": "XLA",
    "ctranslate2": "CTranslate2",
    "openvino": "OpenVINO",
    "onnx": "ONNX Runtime",
}
# Of softem_nat_SIZE.
STUDENTS = (
    "",
    "predictor_layers=1",
    "compress_steps=2,predictor_layers=1",
    "compress_steps=3,predictor_layers=1",
    "predictor=masked,predictor_layers=1",
)


class Row(typing.NamedTuple):
    """What is measured.

    Attributes:
        model: a set with overrides, or the name of a run.
        engine: library and precision, one of `ENGINES`.
        beam_size: 1 is greedy.
        threads: processors that it may use.
    """

    model: str
    engine: str
    beam_size: int
    threads: int


def models_of(size, students):
    """Returns names of sets with overrides; of two that are the same, the second is left out.

    Args:
        size: of the sets.
        students: overrides of softem_nat.
    """
    names = [f"transformer_{size}", f"transformer_deep_{size}"]
    names = [name for name in names if name in registry.hparams_sets]
    names += [joined(sized("softem_nat", size), overrides) for overrides in students]
    known = {}
    for name in names:
        value = repr(hparams_of(name))
        if value in known:
            print(f"{name} is {known[value]} at this size.", file=sys.stderr)
        known.setdefault(value, name)
    return list(known.values())


def hparams_of(name):
    """Returns the hyper-parameters of a set with overrides."""
    name, overrides = config.split_set(name)
    return config.override(registry.hparams(name), overrides)


def engines_of(is_parallel):
    """Returns the engines that run a parallel model, or an autoregressive one."""
    return XLA + (NETWORKS if is_parallel else CTRANSLATE2)


def shown(engine):
    """Returns an engine's name for readers, `OpenVINO, int8`."""
    library, _, precision = engine.partition("-")
    return f"{_LIBRARIES[library]}, {precision}"


def rows_of(models, engines, beam_sizes, threads):
    """Returns the rows, those of the same engine and threads after each other.

    Args:
        models: dict of names to whether they are parallel.
        engines: of those that a kind of model has, which to take.
        beam_sizes: of autoregressive models; parallel ones are greedy.
        threads: numbers of them.
    """
    rows = []
    for engine in engines:
        for count in threads:
            for model, is_parallel in models.items():
                if engine in engines_of(is_parallel):
                    beams = [1] if is_parallel else beam_sizes
                    rows += [Row(model, engine, beam_size, count) for beam_size in beams]
    return rows


def check_lengths(lengths, models):
    """Refuses lengths that a latent of one of the models would stand beyond."""
    for name in models:
        block = 1 << getattr(hparams_of(name), "compress_steps", 0)
        for length in lengths:
            if length < 1 or length % block:
                sys.exit(
                    f"A latent of {name} stands for {block} tokens, and --lengths has {length}. "
                    f"Give it multiples of {block}."
                )
