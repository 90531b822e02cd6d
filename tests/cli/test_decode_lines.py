import io
import types

import pytest

from t2t_vq.cli import decode, streams


class Reversing:
    """A translator that writes every line backwards."""

    num_cut, lengths = 0, [16]

    def __init__(self):
        self.calls = []

    def translate(self, lines):
        self.calls.append(len(lines))
        return [line[::-1] for line in lines]

    def n_best(self, lines, number):
        return [[(line[::-1], -i - 0.00005) for i in range(number)] for line in lines]


def decoded(content, translator=None, n_best=None):
    outputs = io.BytesIO()
    decode.decode_lines(translator or Reversing(), io.BytesIO(content), outputs, n_best)
    return outputs.getvalue()


def test_only_a_line_feed_ends_a_line():
    content = "a\u2028b\n\x85c\x0bd\ne\rf\n".encode()
    assert decoded(content) == "b\u2028a\nd\x0bc\x85\nf\re\n".encode()


def test_the_last_line_may_lack_its_line_feed():
    assert decoded(b"ab\ncd") == decoded(b"ab\ncd\n") == b"ba\ndc\n"


def test_nothing_gives_nothing():
    assert decoded(b"") == b""
    assert decoded(b"\n\n") == b"\n\n"


def test_bytes_that_are_no_utf8_are_replaced_and_their_lines_counted(capsys):
    fine, bad = "\ufffd".encode(), b"\xff"
    assert decoded(b"\n".join([b"a" + bad, b"b" + fine, fine + bad])).decode() == (
        "\ufffda\n\ufffdb\n\ufffd\ufffd\n"
    )
    assert "no UTF-8, replaced: 2." in capsys.readouterr().err


def test_lines_that_were_cut_are_counted(capsys):
    translator = Reversing()
    translator.num_cut = 1_234
    decoded(b"a\n", translator)
    assert "Lines cut, being longer than 16 tokens: 1,234." in capsys.readouterr().err


def test_a_long_stream_is_translated_piece_by_piece(monkeypatch):
    monkeypatch.setattr(streams, "_LINES", 2)
    translator = Reversing()
    assert decoded(b"ab\ncd\nef\ngh\nij", translator) == b"ba\ndc\nfe\nhg\nji\n"
    assert translator.calls == [2, 2, 1]


def test_a_stream_of_long_lines_is_read_in_smaller_pieces(monkeypatch):
    monkeypatch.setattr(streams, "_BYTES", 6)
    translator = Reversing()
    assert decoded(b"ab\ncd\nefghijkl\nmn\n", translator) == b"ba\ndc\nlkjihgfe\nnm\n"
    assert translator.calls == [2, 1, 1]


def test_batches_move_the_progress_before_their_piece_is_whole(monkeypatch):
    shown = []

    class Watched(decode.Progress):
        def reach(self, done):
            shown.append(done)
            super().reach(done)

    def translate(lines):
        translator.watch(1)
        return lines

    translator = Reversing()
    monkeypatch.setattr(decode, "Progress", Watched)
    monkeypatch.setattr(translator, "translate", translate)
    decoded(b"ab\ncd\n", translator)
    assert shown == [1, 2]


def test_the_best_are_written_with_the_number_of_their_line_and_their_score(monkeypatch):
    monkeypatch.setattr(streams, "_LINES", 1)
    assert decoded(b"ab\ncd\n", n_best=2).decode().splitlines() == [
        *("0 ||| ba ||| -0.0001", "0 ||| ba ||| -1.0001"),
        *("1 ||| dc ||| -0.0001", "1 ||| dc ||| -1.0001"),
    ]


def test_a_conversation_numbers_the_best_of_each_line(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"ab\ncd\n"), encoding="utf-8"))
    decode._converse(Reversing(), n_best=1)
    assert capsys.readouterr().out == "0 ||| ba ||| -0.0001\n1 ||| dc ||| -0.0001\n"


def test_a_conversation_answers_each_line_and_ends_at_an_empty_one(monkeypatch, capsys):
    typed = io.TextIOWrapper(io.BytesIO(b"ab\n\xffd\n\nnot read\n"), encoding="utf-8")
    monkeypatch.setattr("sys.stdin", typed)
    decode._converse(Reversing())
    told = capsys.readouterr()
    assert told.out.split("\n") == ["ba", "d\ufffd", ""]
    assert told.err.splitlines()[1:] == ["Lines with bytes that are no UTF-8, replaced: 1."]


def test_a_conversation_tells_of_a_line_that_was_cut(monkeypatch, capsys):
    translator = Reversing()

    def cut(lines):
        translator.num_cut += 1
        return lines

    monkeypatch.setattr(translator, "translate", cut)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"ab\ncd\n"), encoding="utf-8"))
    decode._converse(translator)
    assert capsys.readouterr().err.count("Lines cut, being longer than 16 tokens: 1.") == 2


def test_a_conversation_ends_with_its_input(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"ab\n"), encoding="utf-8"))
    decode._converse(Reversing())
    assert "ba" in capsys.readouterr().out


def test_an_interactive_command_reads_no_file(monkeypatch):
    flags = types.SimpleNamespace(interactive=True, inputs="in.txt", outputs="-")
    monkeypatch.setattr(decode, "FLAGS", flags)
    with pytest.raises(ValueError, match="leave out --inputs"):
        decode.main()
