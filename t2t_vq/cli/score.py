"""Scores given translations by their log-probability under a trained model, line by line.

    t2t-vq-score --output_dir=t2t_vq_runs/mine --sources=text.en --targets=text.de

Each line of output has two numbers, a tab between them: the log-probability of the whole
translation in nats, and that of a token on average, the end of the sentence counted among them. A
model transformer gives them exactly; a parallel decoder bounds them from below, as it scores the
translation and its codes together. Where a side is longer than the model takes, both are nan.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, BinaryIO

from absl import flags as absl_flags

from t2t_vq.cli import flags, streams, trained
from t2t_vq.errors import InvalidError
from t2t_vq.progress import Progress, clear

if TYPE_CHECKING:
    from t2t_vq.translator import Translator

FLAGS = absl_flags.FLAGS


def _define():
    trained.define_run()
    trained.define_batch_size()
    absl_flags.DEFINE_string("sources", None, "File of lines in the language translated from.")
    absl_flags.DEFINE_string("targets", None, "File of as many translations, line by line.")
    absl_flags.DEFINE_string("outputs", "-", "File to write, or - for standard output.")


def main() -> None:
    """Scores as the flags say."""
    for name in ("sources", "targets"):
        streams.check_input(name)
    if FLAGS.sources == FLAGS.targets == "-":
        raise InvalidError(
            "--sources and --targets are both -, and standard input can be read once. Give one of "
            "them as a file."
        )
    streams.check_output("outputs", ["sources", "targets"])
    translator = trained.load("translation").translator
    with (
        streams.reader(FLAGS.sources) as sources,
        streams.reader(FLAGS.targets) as targets,
        streams.writer(FLAGS.outputs) as outputs,
    ):
        names = [FLAGS.sources, FLAGS.targets]
        score_lines(translator, streams.chunks_of_pairs([sources, targets], names), outputs)


def score_lines(translator: Translator, chunks: Iterable[list], outputs: BinaryIO) -> None:
    """Scores pairs of lines, and tells of those that could not be as they stood.

    Args:
        translator: a `t2t_vq.translator.Translator`.
        chunks: iterable of lists of pairs of bytes, a source and its translation.
        outputs: binary stream.
    """
    progress = Progress("Scored lines")
    translator.watch = progress.add
    invalid = unscored = number = 0
    for chunk in chunks:
        (sources, some), (targets, others) = (
            streams.decoded(side) for side in zip(*chunk, strict=True)
        )
        invalid += some + others
        log_probs, num_tokens = translator.score(sources, targets)
        clear()
        for total, mean in zip(log_probs, log_probs / num_tokens, strict=True):
            outputs.write(f"{total:.4f}\t{mean:.4f}\n".encode())
            unscored += math.isnan(total)
        outputs.flush()
        number += len(chunk)
        progress.reach(number)
    progress.finish()
    streams.tell_replaced(invalid)
    if unscored:
        longest = translator.lengths[-1]
        print(
            f"Pairs not scored, with more than {longest} tokens in the source or "
            f"{translator.model.target_length(longest)} in the translation: {unscored:,}.",
            file=sys.stderr,
        )


def run() -> None:
    """Entry point of `t2t-vq-score`."""
    flags.run(main, __doc__, (), define=_define, required=("output_dir", "sources", "targets"))
