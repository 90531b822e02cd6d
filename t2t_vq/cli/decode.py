"""Translates lines of text with a trained model: one line out for each line in, in order.

t2t-vq-decode --output_dir=t2t_vq_runs/mine --inputs=text.en --outputs=text.de
echo "The dog sleeps." | t2t-vq-decode --output_dir=t2t_vq_runs/mine
t2t-vq-decode --output_dir=t2t_vq_runs/mine --interactive
t2t-vq-decode --export_dir=export/fast --inputs=text.en --outputs=text.de
t2t-vq-decode --output_dir=t2t_vq_runs/mine --beam_size=5 --n_best=5 --inputs=text.en

With --n_best=5 it writes, for each line and best first, lines of the form

0 ||| Der Hund schläft. ||| -0.8112

where 0 is the number of the first line, and the score the log-probability of the translation over
the length penalty, under the run that --rescore_with names or else under the model itself. An empty
line has one translation, an empty one.

An exported folder of networks translates without TensorFlow, and with the search that it holds.
"""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING, BinaryIO

from absl import flags as absl_flags

from t2t_vq.cli import flags, streams, trained
from t2t_vq.decoding.options import check_n_best
from t2t_vq.errors import InvalidError
from t2t_vq.progress import Progress, clear

if TYPE_CHECKING:
    from t2t_vq.line_translator import LineTranslator

FLAGS = absl_flags.FLAGS


def _define():
    trained.define()
    trained.define_export_dir()
    trained.define_batch_size()
    absl_flags.DEFINE_string("inputs", "-", "File to translate, or - for standard input.")
    absl_flags.DEFINE_string("outputs", "-", "File to write, or - for standard output.")
    absl_flags.DEFINE_integer(
        "n_best",
        None,
        "Translations of each line, with scores, of a beam or of rescored samples; see above.",
        1,
    )
    absl_flags.DEFINE_bool("interactive", False, "Translate line by line, as you type.")


def main() -> None:
    """Translates as the flags say."""
    if FLAGS.interactive:
        if (FLAGS.inputs, FLAGS.outputs) != ("-", "-"):
            raise InvalidError(
                "--interactive reads what you type; leave out --inputs and --outputs."
            )
        _converse(_translator(), FLAGS.n_best)
        return
    streams.check_input("inputs")
    streams.check_output("outputs", ["inputs"])
    translator = _translator()
    with streams.reader(FLAGS.inputs) as inputs, streams.writer(FLAGS.outputs) as outputs:
        decode_lines(translator, inputs, outputs, FLAGS.n_best)


def _translator():
    if trained.is_exported() and FLAGS.n_best:
        raise InvalidError(
            f"--n_best needs the model itself, and {FLAGS.export_dir} holds networks that find the "
            "best translation alone. Name the run with --output_dir instead of --export_dir."
        )
    if FLAGS.n_best:
        check_n_best(FLAGS.n_best, trained.search())
    model = trained.load_exported() if trained.is_exported() else trained.load("translation")
    return model.translator


def decode_lines(
    translator: LineTranslator, inputs: BinaryIO, outputs: BinaryIO, n_best: int | None = None
) -> None:
    """Translates a stream.

    A line ends at a line feed and nowhere else, so that files stay aligned. Bytes that are no UTF-8
    become replacement characters; a message counts such lines, and those cut at the longest length.

    Args:
        translator: a `Translator`.
        inputs: binary stream, read to its end.
        outputs: binary stream.
        n_best: translations of each line that are written with their scores; by default the best
            alone is written, without.
    """
    progress = Progress("Translated lines")
    translator.watch = progress.add
    invalid = number = 0
    for chunk in streams.chunks(inputs):
        texts, found = streams.decoded(chunk)
        invalid += found
        lines = list(_translated(translator, texts, number, n_best))
        # They may go to the terminal that shows the progress.
        clear()
        outputs.writelines(line.encode("utf-8") + b"\n" for line in lines)
        outputs.flush()
        number += len(chunk)
        progress.reach(number)
    progress.finish()
    _tell(invalid, translator.num_cut, translator)


def _translated(translator, texts, number, n_best):
    """Yields the lines to write for texts, of which the first has a number."""
    if n_best is None:
        yield from translator.translate(texts)
        return
    for i, pairs in enumerate(translator.n_best(texts, n_best), number):
        yield from (f"{i} ||| {text} ||| {score:.4f}" for text, score in pairs)


def _tell(invalid, cut, translator):
    streams.tell_replaced(invalid)
    if cut:
        print(
            f"Lines cut, being longer than {translator.lengths[-1]} tokens: {cut:,}.",
            file=sys.stderr,
        )


def _converse(translator, n_best=None):
    sys.stdin.reconfigure(errors="surrogateescape")
    print("Type a sentence and press return; an empty line or Ctrl-D ends.", file=sys.stderr)
    # What is piped in or out is lines alone.
    prompt = "> " if sys.stdin.isatty() and sys.stdout.isatty() else ""
    for number in itertools.count():
        try:
            line = input(prompt)
        except EOFError:
            return
        if not line.strip():
            return
        texts, invalid = streams.decoded([line.encode("utf-8", "surrogateescape")])
        cut_before = translator.num_cut
        print(*_translated(translator, texts, number, n_best), sep="\n", flush=True)
        _tell(invalid, translator.num_cut - cut_before, translator)


def run() -> None:
    """Entry point of `t2t-vq-decode`."""
    flags.run(main, __doc__, (), define=_define)
