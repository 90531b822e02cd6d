import io
import types

import numpy as np
import pytest

from t2t_vq.cli import score, streams


class Counting:
    """A translator to which a translation's characters are tokens, as likely as half."""

    lengths, model = [16], types.SimpleNamespace(target_length=lambda length: 4)

    def score(self, lines, translations):
        counts = np.array([np.nan if len(text) > 4 else len(text) + 1 for text in translations])
        return -0.5 * counts * [len(line) for line in lines], counts


def scored(sources, targets):
    pairs = streams.chunks_of_pairs([io.BytesIO(sources), io.BytesIO(targets)], ["a.en", "a.de"])
    outputs = io.BytesIO()
    score.score_lines(Counting(), pairs, outputs)
    return outputs.getvalue().decode()


def test_each_line_has_its_total_and_the_mean_of_a_token():
    assert scored(b"x\nxx\n", b"abc\n\n") == "-2.0000\t-0.5000\n-1.0000\t-1.0000\n"
    assert scored(b"", b"") == ""


def test_pairs_that_are_not_scored_are_counted(capsys):
    assert scored(b"x\nx\xff\n", b"abcde\n\n").startswith("nan\tnan\n")
    told = capsys.readouterr().err.splitlines()
    assert told[-2] == "Lines with bytes that are no UTF-8, replaced: 1."
    assert told[-1] == (
        "Pairs not scored, with more than 16 tokens in the source or 4 in the translation: 1."
    )


@pytest.mark.parametrize(
    ("sources", "targets", "message"),
    [
        (b"x\n", b"a\nb\n", "a.en ends after 1 of the lines of a.de."),
        (b"x\ny", b"a\n", "a.de ends after 1 of the lines of a.en."),
    ],
)
def test_files_of_unlike_numbers_of_lines_are_refused(sources, targets, message):
    with pytest.raises(ValueError, match=message):
        scored(sources, targets)


def test_standard_input_is_not_read_twice(command, tmp_path):
    result = command("score", f"--output_dir={tmp_path}", "--sources=-", "--targets=-")
    assert result.returncode == 1 and "standard input can be read once" in result.stderr


def test_long_pairs_are_read_in_smaller_pieces(monkeypatch):
    monkeypatch.setattr(streams, "_BYTES", 5)
    sides = [io.BytesIO(b"ab\nc\nd"), io.BytesIO(b"ab\nc\nd\n")]
    found = list(streams.chunks_of_pairs(sides, ["a", "b"]))
    assert found == [[(b"ab", b"ab")], [(b"c", b"c"), (b"d", b"d")]]
