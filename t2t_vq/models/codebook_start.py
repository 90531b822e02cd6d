"""The start of a codebook from what a model makes of its data."""

from keras import ops

# For each code, the vectors that its start is found from.
_VECTORS = 8


def start_codebook(bottleneck, vectors):
    """Starts a codebook by k-means; outside of replicas.

    Args:
        bottleneck: a layer of `t2t_vq.bottlenecks`.
        vectors: iterable of tensors `[n, dim]`, all valid; as many are used as give 8 vectors a
            code.
    """
    taken, wanted = [], _VECTORS * bottleneck.num_codes
    for found in vectors:
        taken.append(ops.cast(found, "float32"))
        if sum(len(item) for item in taken) >= wanted:
            break
    bottleneck.adapt(ops.concatenate(taken)[None, :wanted])
