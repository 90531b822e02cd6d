"""Validation while training: teacher-forced losses, real translations, BLEU."""

import typing

import tensorflow as tf

from t2t_vq.metrics.bleu import bleu
from t2t_vq.translator import Translator

_SAMPLES = 5


class Evaluation(typing.NamedTuple):
    """What a validation found.

    Attributes:
        scalars: by name, `bleu` among them.
        samples: list of `(source, reference, translation)`.
    """

    scalars: dict
    samples: list


class Evaluator:
    """Evaluates a translation model on the validation set; it never moves a variable.

    Args:
        model: the model.
        problem: the translation problem.
        run: the `Run`.
        tokenizer: the problem's.
        max_batches: most batches that an evaluation uses, of losses and of translations; none uses
            the whole set.
    """

    def __init__(self, model, problem, run, tokenizer, max_batches=None):
        self.model = model
        hparams = run.hparams
        self._batches = problem.batches(
            run.data_dir,
            "dev",
            batch_tokens=hparams.batch_tokens,
            max_length=hparams.max_length,
            num_buckets=hparams.num_buckets,
        )
        self._translator = Translator(model, tokenizer, hparams.max_length)
        self._max_batches = max_batches
        self._sources, self._references = problem.text(run.data_dir, "dev")
        if max_batches is not None:
            lines = max_batches * self._translator.batch_size
            self._sources, self._references = self._sources[:lines], self._references[:lines]
        self._losses = tf.function(self._sums, autograph=False)

    def evaluate(self, step):
        """Returns the `Evaluation` of the model as it is after `step` updates."""
        scalars = self._mean_losses(step)
        translations = self._translator.translate(self._sources)
        scalars["bleu"] = bleu(translations, self._references).score
        samples = zip(self._sources, self._references, translations, strict=True)
        return Evaluation(scalars, list(samples)[:_SAMPLES])

    def _mean_losses(self, step):
        sums, totals = {}, {}
        batches = (
            self._batches if self._max_batches is None else (self._batches.take(self._max_batches))
        )
        for batch in batches:
            values, weight = self._losses(batch, tf.constant(step))
            for name, value in values.items():
                sums[name] = sums.get(name, 0.0) + float(value) * float(weight)
                totals[name] = totals.get(name, 0.0) + float(weight)
        return {name: total / max(totals[name], 1.0) for name, total in sums.items()}

    def _sums(self, batch, step):
        output = self.model.training_output(batch, step, training=False)
        values = {f"loss/{name}": value for name, value in output.losses.items()}
        values = {"loss": sum(output.losses.values()), **values, **output.metrics}
        return values, self.model.loss_totals(batch)["tokens"]
