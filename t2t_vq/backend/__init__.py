"""What differs between Keras's backends: replicas, random numbers, compiled functions, variables.

Whoever computes with Keras imports from here, and not TensorFlow or JAX. TensorFlow has replicas,
which each see a part of a batch; on the other backends a program sees the whole batch, so there is
one replica and a sum over replicas changes nothing.
"""
