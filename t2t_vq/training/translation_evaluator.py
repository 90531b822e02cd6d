"""Validation of translation: teacher-forced losses, real translations, BLEU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from t2t_vq.metrics.bleu import bleu
from t2t_vq.training.evaluator import Evaluation, Evaluator
from t2t_vq.translator import Translator

if TYPE_CHECKING:
    from t2t_vq.models.translation_model import TranslationModel
    from t2t_vq.problems.problem import Problem
    from t2t_vq.run import Run

_SAMPLES = 5


class TranslationEvaluator(Evaluator):
    """Evaluates a translation model: `bleu` is that of its greedy translations.

    Args:
        model, problem, run: see `Evaluator`.
        max_batches: most batches of losses, and of translations; none uses the whole set.
    """

    measure = "bleu"
    measure_name = "BLEU"

    def __init__(
        self, model: TranslationModel, problem: Problem, run: Run, max_batches: int | None = None
    ) -> None:
        super().__init__(model, problem, run, max_batches)
        tokenizer = problem.tokenizer(run.data_dir)
        self._language = problem.target_language
        hparams: Any = run.hparams
        self._translator = Translator(model, tokenizer, hparams.max_length)
        self._sources, self._references = problem.text(run.data_dir, "dev")
        if max_batches is not None:
            lines = max_batches * self._translator.batch_size
            self._sources, self._references = self._sources[:lines], self._references[:lines]

    def evaluate(self, step: int) -> Evaluation:
        scalars = self.mean_losses(step)
        translations = self._translator.translate(self._sources)
        scalars["bleu"] = bleu(translations, self._references, self._language).score
        samples = list(zip(self._sources, self._references, translations, strict=True))[:_SAMPLES]
        source, _, translation = samples[0]
        return Evaluation(
            scalars, f"  {source}\n  {translation}", texts={"translations": _table(samples)}
        )


def _table(samples):
    """Returns `(source, reference, translation)` triples as Markdown."""
    rows = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in samples]
    return "\n".join(["source | reference | translation", "--- | --- | ---", *rows])
