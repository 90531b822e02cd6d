import re
import sys

import hypothesis
import hypothesis.strategies as st
import pytest

from t2t_vq.data import lines, synthetic_ende, text_files
from t2t_vq.data.tokenizer import Tokenizer, train_vocabulary


@pytest.fixture(scope="module")
def tokenizer():
    pairs = synthetic_ende.pairs("train", 0, 200)
    return Tokenizer(train_vocabulary([side for pair in pairs for side in pair], 600))


def test_the_regular_expression_has_the_blanks_of_python():
    found = [i for i in range(sys.maxunicode + 1) if re.fullmatch(lines.BLANKS, chr(i))]
    assert found == [i for i in range(sys.maxunicode + 1) if chr(i).isspace()]
    assert all(not chr(i).split() for i in found)


@pytest.mark.parametrize("blank", ["\x0b", "\x85", "\x1c", "\t", "\u2028", "\u3000", " \r "])
def test_training_and_translating_see_the_same_words(tokenizer, blank):
    text = f"{blank}The{blank}dog"
    trained_on = text_files.clean([text.encode()], text_files.Report())
    assert trained_on == ("The dog",)
    assert lines.encode_lines(tokenizer, [text], 16) == [tokenizer.encode("The dog")]


def test_half_a_surrogate_pair_is_a_replacement_character_and_a_pair_is_one(tokenizer):
    found = lines.encode_lines(tokenizer, ["\udc80", "\ud83d\udc36"], 16)
    assert found == [tokenizer.encode("\ufffd"), tokenizer.encode("\U0001f436")]


# What joins with its neighbours, what is left out, what becomes several words, what is spelled in
# bytes; and repetitions that a vocabulary can cut in several ways.
ODD = st.text(
    st.sampled_from([*"aaae sThdog.", "\u0301", "\u0308", "\ufdfa", "\u200b", "\xad", "\x01"])
    | st.sampled_from(["\t", "\u3000", "\u1161", "\uac00", "ﬁ", "²", "\U0001f436", "▁", "\ufffd"]),
    max_size=80,
)


@hypothesis.settings(deadline=None, max_examples=500)
@hypothesis.given(
    texts=st.lists(st.tuples(ODD, st.integers(1, 20)), min_size=1, max_size=4),
    length=st.integers(2, 12),
    characters=st.integers(1, 3),
)
def test_a_beginning_has_the_ids_of_the_whole_line(tokenizer, texts, length, characters):
    texts = [" ".join([text] * times) for text, times in texts]
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(lines, "CHARACTERS", characters)
        found = lines.encode_lines(tokenizer, texts, length)
    whole = [tokenizer.encode(lines.single_spaced(text)) for text in texts]
    assert [ids[:length] for ids in found] == [ids[:length] for ids in whole]
    assert [len(ids) for ids in found] == [min(len(ids), length + 1) for ids in whole]


class Counting:
    """A tokenizer that gives an id a word, and notes how many characters it sees."""

    def __init__(self):
        self.seen = []

    def encode(self, text):
        return self.encode_batch([text])[0]

    def encode_batch(self, texts):
        self.seen.append(sum(map(len, texts)))
        return [[*(5 for word in text.split() if word != "\x01"), 1] for text in texts]


def test_of_long_lines_only_beginnings_are_tokenised():
    counting = Counting()
    assert lines.encode_lines(counting, ["dog " * 100_000] * 3, 4) == [[5] * 5] * 3
    assert sum(counting.seen) < 250
    odd = "\x01 " * 1_000 + "dog"
    assert lines.encode_lines(counting, [odd, "dog", odd + " dog" * 9], 4) == [
        *([5, 1], [5, 1]),
        [5] * 5,
    ]


def test_lines_are_tokenised_in_parts():
    counting, longest = Counting(), lines._BATCH_CHARACTERS
    assert lines.encode_lines(counting, ["a" * longest, "b", "c" * longest], 4) == [[5, 1]] * 3
    assert max(counting.seen) == longest


def test_parts_are_bounded_in_number_and_in_size():
    assert list(lines.in_parts([b"a", b"b", b"c"], 2, 9)) == [[b"a", b"b"], [b"c"]]
    assert list(lines.in_parts(["abcd", "", "e"], 9, 3)) == [["abcd"], ["", "e"]]
    assert list(lines.in_parts([], 9, 3)) == []
