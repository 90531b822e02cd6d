"""Cross-entropy and accuracy over symbols."""

from keras import ops

from t2t_vq.backend.compilation import fused
from t2t_vq.tensors import Tensor


def cross_entropy(logits: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """Returns the cross-entropy of each label, with a share of it spread over all symbols.

    Args:
        logits: `[..., num_symbols]`.
        labels: `[..., samples]` int32; the samples of a position share its logits.
        smoothing: share of the probability that goes to all symbols alike. Default 0.

    Returns:
        `[...]` float32 in nats, the mean over the samples.

    Example:
        >>> losses = cross_entropy(ops.zeros((1, 4)), ops.array([[2]]))
        >>> np.asarray(losses).round(3)  # the logarithm of 4
        array([1.386], dtype=float32)
    """
    # Over thousands of symbols most of the time would go into writing down what comes in between.
    return fused(_cross_entropy)(logits, labels, smoothing)


def _cross_entropy(logits, labels, smoothing):
    logits = ops.cast(logits, "float32")
    normaliser = ops.logsumexp(logits, axis=-1)
    chosen = ops.mean(ops.take_along_axis(logits, labels, axis=-1), axis=-1)
    uniform = ops.mean(logits, axis=-1)
    return normaliser - (1.0 - smoothing) * chosen - smoothing * uniform


def is_best(logits: Tensor, labels: Tensor) -> Tensor:
    """Returns whether each label is a most probable symbol, for an accuracy.

    A maximum and a look-up cost much less than an argmax on a GPU.

    Args:
        logits: `[..., num_symbols]`.
        labels: `[...]` int32.

    Returns:
        `[...]` bool.

    Example:
        >>> np.asarray(is_best(ops.array([[0.1, 0.7], [0.6, 0.2]]), ops.array([1, 1])))
        array([ True, False])
    """
    chosen = ops.take_along_axis(logits, labels[..., None], axis=-1)[..., 0]
    return chosen >= ops.max(logits, axis=-1)


def weighted_mean(values: Tensor, weights: Tensor, total: Tensor | None = None) -> Tensor:
    """Returns the sum of `values * weights` over `total`, by default the sum of the weights.

    A replica passes the total over all replicas, so that the replicas' results add up to the mean.

    Example:
        >>> float(weighted_mean(ops.array([1.0, 2.0, 9.0]), ops.array([1.0, 1.0, 0.0])))
        1.5
    """
    weights = ops.cast(weights, "float32")
    total = ops.sum(weights) if total is None else total
    values = ops.where(weights > 0, ops.cast(values, "float32"), 0.0)
    return ops.sum(values * weights) / ops.maximum(total, 1.0)
