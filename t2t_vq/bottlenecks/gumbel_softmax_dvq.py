"""The kind `GumbelSoftmaxDVQ`: blocks of a vector take relaxed samples of their posterior."""

from typing import Any

from t2t_vq.bottlenecks import configured
from t2t_vq.bottlenecks.assignment import GumbelAssignment
from t2t_vq.bottlenecks.decomposed import DecomposedVectorQuantizer
from t2t_vq.bottlenecks.saved import loads_as_class
from t2t_vq.bottlenecks.schedule import Scheduled
from t2t_vq.bottlenecks.vector_quantizer import VectorQuantizer
from t2t_vq.errors import InvalidError
from t2t_vq.registry import register_bottleneck


@register_bottleneck("gumbel-softmax-dvq")
@loads_as_class
def GumbelSoftmaxDVQ(
    quantizer: VectorQuantizer | None = None,
    *,
    num_blocks: int = 2,
    projection: str = "slice",
    temperature: Scheduled = 1.0,
    hard: bool = False,
    kl_weight: float = 0.0,
    seed: int = 0,
    **kwargs: Any,
) -> DecomposedVectorQuantizer:
    """Decomposed quantization, relaxed: gradients reach vectors and codebooks through samples.

    Args:
        quantizer: a `VectorQuantizer`, whose other options every block takes; one with its defaults
            if none is given.
        num_blocks, projection, seed: of `DecomposedVectorQuantizer`.
        temperature, hard, kl_weight: of `GumbelAssignment`.
        **kwargs: of `Bottleneck`.

    Returns:
        A `DecomposedVectorQuantizer` whose codebooks have a `GumbelAssignment`. `isinstance` must
        ask for that class; a layer that a file of 0.1.0 holds is of one derived from it.

    Raises:
        ValueError: for a value out of range, or another quantizer.

    Reference:
        Jang et al., "Categorical reparameterization with Gumbel-softmax",
        https://arxiv.org/abs/1611.01144.

    Example:
        >>> layer = GumbelSoftmaxDVQ(VectorQuantizer(num_codes=64), num_blocks=4, temperature=0.5)
        >>> x = keras.random.normal((8, 16, 32))  # [batch, length, dim]
        >>> layer.adapt(x)
        >>> output = layer(x, training=True)
        >>> tuple(output.dense.shape), tuple(output.codes.shape)
        ((8, 16, 32), (8, 16, 4))
    """
    quantizer = configured.deserialize(quantizer) or VectorQuantizer()
    if not isinstance(quantizer, VectorQuantizer):
        raise InvalidError(
            f"quantizer={quantizer!r} must be a VectorQuantizer: its assignment is replaced by a "
            "GumbelAssignment."
        )
    temperature = configured.deserialize(temperature)
    assignment = GumbelAssignment(temperature, hard=hard, kl_weight=kl_weight)
    relaxed = type(quantizer).from_config({**quantizer.get_config(), "assignment": assignment})
    return DecomposedVectorQuantizer(
        relaxed, num_blocks=num_blocks, projection=projection, seed=seed, **kwargs
    )
