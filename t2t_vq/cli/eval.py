"""Scores a trained model on real translations: BLEU and chrF with signatures, and speed.

    t2t-vq-eval --output_dir=t2t_vq_runs/mine --split=test

The last line is JSON.
"""

import json
import time

from absl import flags as absl_flags

from t2t_vq.cli import flags, trained

FLAGS = absl_flags.FLAGS


def _define():
    trained.define()
    absl_flags.DEFINE_enum("split", "test", ("dev", "test"), "Which text to translate.")


def main():
    """Scores as the flags say."""
    run, problem, translator, path = trained.load()
    sources, references = problem.text(run.data_dir, FLAGS.split)
    result = {
        "problem": run.problem,
        "hparams": run.hparams_set,
        "split": FLAGS.split,
        "checkpoint": path,
        **vars(translator.search),
        "rescore_with": FLAGS.rescore_with,
        "rescore_checkpoint": FLAGS.rescore_checkpoint,
        **score(translator, sources, references),
    }
    for name in ("bleu", "chrf"):
        print(f"{name:5} {result[name]:6.2f}  {result[f'{name}_signature']}")
    print(f"{result['sentences']:,} sentences, {result['sentences_per_second']:.1f} a second")
    print(json.dumps(result))


def score(translator, sources, references):
    """Translates and scores.

    Args:
        translator: a `Translator`.
        sources, references: lists of strings.

    Returns:
        A dict of `bleu`, `chrf`, their signatures, `sentences`, `sources_cut` (those longer than
        the model takes), and `sentences_per_second`, from text to text, compilation left out.
    """
    from t2t_vq.metrics.bleu import bleu, chrf

    translator.compile_for(sources)
    start = time.perf_counter()
    translations = translator.translate(sources)
    seconds = time.perf_counter() - start
    result = {
        "sentences": len(sources),
        "sources_cut": translator.num_cut,
        "sentences_per_second": len(sources) / seconds,
    }
    for name, metric in (("bleu", bleu), ("chrf", chrf)):
        found = metric(translations, references)
        result[name], result[f"{name}_signature"] = found.score, found.signature
    return result


def run():
    """Entry point of `t2t-vq-eval`."""
    flags.run(main, __doc__, (), define=_define, required=("output_dir",))
