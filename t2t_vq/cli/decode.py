"""Translates lines of text with a trained model: one line out for each line in, in order.

t2t-vq-decode --output_dir=t2t_vq_runs/mine --inputs=text.en --outputs=text.de
echo "The dog sleeps." | t2t-vq-decode --output_dir=t2t_vq_runs/mine
t2t-vq-decode --output_dir=t2t_vq_runs/mine --interactive
t2t-vq-decode --export_dir=export/fast --inputs=text.en --outputs=text.de

An exported folder of networks translates without TensorFlow, and with the search that it holds.
"""

import sys

from absl import flags as absl_flags

from t2t_vq.cli import flags, streams, trained
from t2t_vq.data.lines import in_parts
from t2t_vq.data.progress import Progress

FLAGS = absl_flags.FLAGS
# Lines translated together: enough for full batches of like length, few enough to hold.
_LINES, _BYTES = 16_384, 1 << 24


def _define():
    trained.define()
    trained.define_export_dir()
    trained.define_batch_size()
    absl_flags.DEFINE_string("inputs", "-", "File to translate, or - for standard input.")
    absl_flags.DEFINE_string("outputs", "-", "File to write, or - for standard output.")
    absl_flags.DEFINE_bool("interactive", False, "Translate line by line, as you type.")


def main():
    """Translates as the flags say."""
    if FLAGS.interactive:
        if (FLAGS.inputs, FLAGS.outputs) != ("-", "-"):
            raise ValueError("--interactive reads what you type; leave out --inputs and --outputs.")
        _converse(_translator())
        return
    streams.check_input("inputs")
    streams.check_output("outputs", ["inputs"])
    translator = _translator()
    with streams.reader(FLAGS.inputs) as inputs, streams.writer(FLAGS.outputs) as outputs:
        decode_lines(translator, inputs, outputs)


def _translator():
    return trained.load_exported()[0] if trained.is_exported() else trained.load()[2]


def decode_lines(translator, inputs, outputs):
    """Translates a stream.

    A line ends at a line feed and nowhere else, so that files stay aligned. Bytes that are no UTF-8
    become replacement characters; a message counts such lines, and those cut at the longest length.

    Args:
        translator: a `Translator`.
        inputs: binary stream, read to its end.
        outputs: binary stream.
    """
    progress = Progress("Translated lines")
    invalid = 0
    for chunk in in_parts(inputs, _LINES, _BYTES):
        texts, number = _decoded([line.removesuffix(b"\n") for line in chunk])
        invalid += number
        for translation in translator.translate(texts):
            outputs.write(translation.encode("utf-8") + b"\n")
        progress.add(len(chunk))
    outputs.flush()
    progress.finish()
    _tell(invalid, translator.num_cut, translator)


def _decoded(lines):
    """Returns the text of lines of bytes, and how many of them are no UTF-8."""
    texts = [line.decode("utf-8", "replace") for line in lines]
    # With a replacement character of its own a line may be valid.
    invalid = sum(
        "\ufffd" in text and text.encode("utf-8") != line
        for text, line in zip(texts, lines, strict=True)
    )
    return texts, invalid


def _tell(invalid, cut, translator):
    if invalid:
        print(f"Lines with bytes that are no UTF-8, replaced: {invalid:,}.", file=sys.stderr)
    if cut:
        print(
            f"Lines cut, being longer than {translator.lengths[-1]} tokens: {cut:,}.",
            file=sys.stderr,
        )


def _converse(translator):
    sys.stdin.reconfigure(errors="surrogateescape")
    print("Type a sentence and press return; an empty line or Ctrl-D ends.", file=sys.stderr)
    # What is piped in or out is lines alone.
    prompt = "> " if sys.stdin.isatty() and sys.stdout.isatty() else ""
    while True:
        try:
            line = input(prompt)
        except EOFError:
            return
        if not line.strip():
            return
        texts, invalid = _decoded([line.encode("utf-8", "surrogateescape")])
        cut_before = translator.num_cut
        print(translator.translate(texts)[0], flush=True)
        _tell(invalid, translator.num_cut - cut_before, translator)


def run():
    """Entry point of `t2t-vq-decode`."""
    flags.run(main, __doc__, (), define=_define)
