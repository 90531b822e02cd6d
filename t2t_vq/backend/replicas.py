"""The replicas of `tf.distribute`: which one computes, and sums over all of them.

There is no replica context while Keras builds a model symbolically; that counts as replica 0 and
sums nothing.
"""

import contextlib
from collections.abc import Iterator

import keras

from t2t_vq.backend.which import ON_TENSORFLOW
from t2t_vq.tensors import Statistics, Tensor

if ON_TENSORFLOW:
    import tensorflow as tf


def num_replicas() -> int:
    """Number of replicas that the current strategy keeps in step; 1 without one."""
    return tf.distribute.get_strategy().num_replicas_in_sync if ON_TENSORFLOW else 1


def replica_id() -> Tensor | int:
    """This replica's number among all replicas; 0 outside of a replica."""
    context = tf.distribute.get_replica_context() if ON_TENSORFLOW else None
    return 0 if context is None else context.replica_id_in_sync_group


def sum_over_replicas(tree: Statistics) -> Statistics:
    """Sums a dict of tensors over all replicas, by an explicit all-reduce.

    Call it outside of XLA: MirroredStrategy has no collectives inside. Outside of a replica the
    tensors come back as they are: whoever collected them there has summed them.
    """
    if num_replicas() == 1 or not tree:
        return tree
    context = tf.distribute.get_replica_context()
    return tree if context is None else context.all_reduce(tf.distribute.ReduceOp.SUM, tree)


@contextlib.contextmanager
def losses_kept(layer: keras.layers.Layer) -> Iterator[None]:
    """Keeps the losses of a model's layers, around a sum over replicas within a layer's call.

    MirroredStrategy traces its replicas in turns: at such a sum one replica waits while the next
    goes through the same layers. Keras has one list of losses in each, which the next replica
    clears and fills. So without this a replica would go on with the losses of another.

    Args:
        layer: the layer that is called.
    """
    if num_replicas() == 1 or tf.distribute.in_cross_replica_context():
        yield
        return
    # Keras offers no other way to the model around a layer, nor to what `add_loss` was given.
    layers = layer._get_call_context().entry_layer._flatten_layers()
    kept = [(each, each._losses[:]) for each in layers]
    yield
    for each, losses in kept:
        each._losses[:] = losses
