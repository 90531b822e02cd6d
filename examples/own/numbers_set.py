"""A set of hyper-parameters of one's own: a function without arguments."""

import dataclasses

from t2t_vq import register_hparams, registry


@register_hparams
def numbers_tiny():
    """The tiny set, smaller still, through the own bottleneck."""
    tiny = registry.hparams("softem_nat_tiny")
    return dataclasses.replace(
        tiny,
        train_steps=300,
        eval_frequency=150,
        batch_tokens=1024,
        compress_steps=1,
        bottleneck=dataclasses.replace(tiny.bottleneck, kind="noisy-vq", num_codes=64),
    )
