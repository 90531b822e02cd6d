"""One update: a compiled gradient, summed over replicas, then applied."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import tensorflow as tf

from t2t_vq.backend.replicas import sum_over_replicas

if TYPE_CHECKING:
    import keras

    from t2t_vq.models.model import Model
    from t2t_vq.training.weight_ema import WeightEma


def uses_xla(strategy: tf.distribute.Strategy) -> bool:
    """Returns whether training on the strategy's devices is compiled by XLA."""
    return "CPU" not in strategy.extended.worker_devices[0]


def make_train_step(
    model: Model,
    optimizer: keras.optimizers.Optimizer,
    ema: WeightEma,
    strategy: tf.distribute.Strategy,
    clip_norm: float = 0.0,
) -> Callable:
    """Returns the compiled function that makes one update from one batch.

    On one accelerator the gradient is one XLA program for each shape of batch, and the update one
    for all. On several, collectives cannot be inside, so the sums and updates are an ordinary
    graph. On a CPU all is: XLA draws dropout's random numbers there many times slower.

    Args:
        model: a `t2t_vq.models.model.Model`, built under `strategy`.
        optimizer: a Keras optimizer, built.
        ema: the `WeightEma` of the model.
        strategy: a `tf.distribute` strategy.
        clip_norm: largest global norm of the summed gradient; 0 does not clip.

    Returns:
        A function from a distributed batch to a dict of scalars: every loss by its name under
        `loss/`, their sum as `loss`, every metric, `gradient_norm`, and the number of the model's
        `unit` in the batch.
    """
    num_replicas = strategy.num_replicas_in_sync
    jit_compile = uses_xla(strategy)
    variables = model.learned_variables

    @tf.function(jit_compile=jit_compile, autograph=False)
    def gradients(batch, totals):
        with tf.GradientTape() as tape:
            output = model.training_output(batch, optimizer.iterations, totals, training=True)
            loss = sum(output.losses.values())
        grads = tape.gradient(loss, [v.value for v in variables])
        # A look-up's gradient comes as rows and their numbers, which arithmetic does not take.
        return [tf.convert_to_tensor(grad) for grad in grads], output

    def apply(grads, statistics):
        grads = sum_over_replicas(grads)
        norm = tf.linalg.global_norm(grads)
        if clip_norm:
            grads, _ = tf.clip_by_global_norm(grads, clip_norm, use_norm=norm)
        # The optimizer adds the replicas' gradients up, and these are sums already.
        optimizer.apply([grad / num_replicas for grad in grads], variables)
        ema.update(optimizer.iterations)
        model.update(statistics)
        return norm

    if num_replicas == 1:
        apply = tf.function(apply, jit_compile=jit_compile, autograph=False)

    def replica_step(batch):
        totals = sum_over_replicas(model.loss_totals(batch))
        grads, output = gradients(batch, totals)
        norm = apply(grads, output.statistics)
        losses = sum_over_replicas(output.losses)
        return {
            "loss": sum(losses.values()),
            **{f"loss/{name}": value for name, value in losses.items()},
            **sum_over_replicas(output.metrics),
            **model.describe(sum_over_replicas(output.statistics)),
            "gradient_norm": norm,
            model.unit: totals[model.unit],
        }

    if num_replicas == 1:
        compiled = tf.function(replica_step, autograph=False)
        return lambda batch: strategy.run(compiled, (batch,))

    @tf.function(autograph=False)
    def step(batch):
        # Every replica holds the same sums, so any one of them speaks for all.
        results = strategy.run(replica_step, (batch,))
        return tf.nest.map_structure(
            lambda value: strategy.experimental_local_results(value)[0], results
        )

    return step
