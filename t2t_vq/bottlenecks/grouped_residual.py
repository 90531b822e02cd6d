"""The kind `GroupedResidualVectorQuantizer`: residual levels within groups of features."""

from typing import Any

from t2t_vq.bottlenecks.codebook import CodebookBottleneck
from t2t_vq.bottlenecks.decomposed import DecomposedVectorQuantizer
from t2t_vq.bottlenecks.residual import ResidualVectorQuantizer
from t2t_vq.bottlenecks.saved import loads_as_class
from t2t_vq.registry import register_bottleneck


@register_bottleneck("grouped-residual-vq")
@loads_as_class
def GroupedResidualVectorQuantizer(
    quantizer: CodebookBottleneck | None = None,
    *,
    num_blocks: int = 2,
    num_quantizers: int = 2,
    quantizer_dropout: float = 0.0,
    projection: str = "slice",
    seed: int = 0,
    **kwargs: Any,
) -> DecomposedVectorQuantizer:
    """Cuts each vector into groups and quantizes each group in residual levels.

    Codes are those of the first group's levels, then the second's, and so on.

    Args:
        quantizer, num_quantizers, quantizer_dropout: of `ResidualVectorQuantizer`; every group
            drops levels of its own.
        num_blocks: groups; the vectors' width must be a multiple of it.
        projection, seed: of `DecomposedVectorQuantizer`.
        **kwargs: of `Bottleneck`.

    Returns:
        A `DecomposedVectorQuantizer` of `ResidualVectorQuantizer`. `isinstance` must ask for that
        class; a layer that a file of 0.1.0 holds is of one derived from it.

    Raises:
        ValueError: for a value out of range.

    Reference:
        Yang et al., "HiFi-Codec: group-residual vector quantization for high fidelity audio codec",
        https://arxiv.org/abs/2305.02765, section 3.2.

    Example:
        >>> from t2t_vq.bottlenecks import VectorQuantizer
        >>> layer = GroupedResidualVectorQuantizer(
        ...     VectorQuantizer(num_codes=64), num_blocks=2, num_quantizers=3
        ... )
        >>> x = keras.random.normal((8, 16, 32))  # [batch, length, dim]
        >>> layer.adapt(x)
        >>> output = layer(x)
        >>> tuple(output.dense.shape), tuple(output.codes.shape)
        ((8, 16, 32), (8, 16, 6))
    """
    levels = ResidualVectorQuantizer(
        quantizer, num_quantizers=num_quantizers, quantizer_dropout=quantizer_dropout
    )
    return DecomposedVectorQuantizer(
        levels, num_blocks=num_blocks, projection=projection, seed=seed, **kwargs
    )
