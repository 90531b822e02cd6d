"""The layer `VectorQuantizer`: hard expectation-maximisation, which is online k-means."""

import keras

from t2t_vq.bottlenecks.codebook import CodebookBottleneck
from t2t_vq.registry import register_bottleneck


@register_bottleneck("vq")
@keras.saving.register_keras_serializable(package="t2t_vq")
class VectorQuantizer(CodebookBottleneck):
    """Replaces every vector by its nearest code (VQ-VAE).

    The codebook learns by moving averages (`learning="ema"`) or by gradient
    (`learning="gradient"`); gradients of the output pass straight through to the input.

    Args:
        num_codes, beta, decay, epsilon, learning, restart_threshold, assignment, similarity,
            estimator, regularizers, seed: of `CodebookBottleneck`.
        **kwargs: of `Bottleneck`.

    Reference:
        van den Oord et al., "Neural discrete representation learning",
        https://arxiv.org/abs/1711.00937; Roy et al., https://arxiv.org/abs/1805.11063.

    Example:
        >>> layer = VectorQuantizer(num_codes=64)
        >>> x = keras.random.normal((8, 16, 32))  # [batch, length, dim]
        >>> layer.adapt(x)
        >>> output = layer(x)
        >>> tuple(output.dense.shape), tuple(output.codes.shape)
        ((8, 16, 32), (8, 16, 1))
    """
