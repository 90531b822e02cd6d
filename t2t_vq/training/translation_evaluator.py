"""Validation of translation: teacher-forced losses, real translations, BLEU."""

from t2t_vq.metrics.bleu import bleu
from t2t_vq.training.evaluator import Evaluation, Evaluator
from t2t_vq.translator import Translator

_SAMPLES = 5


class TranslationEvaluator(Evaluator):
    """Evaluates a translation model: `bleu` is that of its greedy translations.

    Args:
        model, problem, run: see `Evaluator`.
        max_batches: most batches of losses, and of translations; none uses the whole set.
    """

    measure = "bleu"
    measure_name = "BLEU"

    def __init__(self, model, problem, run, max_batches=None):
        super().__init__(model, problem, run, max_batches)
        tokenizer = problem.tokenizer(run.data_dir)
        self._language = problem.target_language
        self._translator = Translator(model, tokenizer, run.hparams.max_length)
        self._sources, self._references = problem.text(run.data_dir, "dev")
        if max_batches is not None:
            lines = max_batches * self._translator.batch_size
            self._sources, self._references = self._sources[:lines], self._references[:lines]

    def evaluate(self, step):
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
