import pytest

from t2t_vq.evaluation.translations import score_translations
from t2t_vq.line_translator import LineTranslator


class Words:
    """Stands for a tokenizer: a token a character, then the end."""

    eos_id = 1

    def encode_batch(self, texts):
        return [[*map(ord, text), self.eos_id] for text in texts]

    def decode_batch(self, batch):
        return ["".join(map(chr, ids[:-1])) for ids in batch]


class Copier(LineTranslator):
    """Stands for a translator: gives the sources back, and counts how often it was asked."""

    calls = 0

    def __init__(self):
        super().__init__(Words(), [16], batch_size=4, num_threads=1)

    def compile_for(self, lines):
        self.calls += 1

    def translate_batch(self, sources):
        self.calls += 1
        return sources


@pytest.mark.parametrize(
    ("sources", "references", "told"),
    [
        (["a", "b"], ["a"], r"There are 2 sources and 1 references\. Give one reference each"),
        ([], [], r"There are no sources to score\. Give one at least"),
        (["a"], "a", r"this is a single string\. Give \[line\]"),
        (["a"], [1], r"Item 0 of the lines is of type int"),
        (["a"], None, r"this is of type NoneType"),
    ],
)
def test_what_cannot_be_scored_is_told_before_anything_is_translated(sources, references, told):
    translator = Copier()
    with pytest.raises((ValueError, TypeError), match=told):
        score_translations(translator, sources, references)
    assert not translator.calls


def test_references_may_be_any_iterable():
    lines = ["a b c d e", "f g h i j"]
    found = score_translations(Copier(), iter(lines), iter(lines))
    assert (found["bleu"], found["chrf"]) == pytest.approx((100, 100))


def test_sources_that_were_cut_before_do_not_count():
    translator = Copier()
    translator.encode(["a" * 30, "b" * 30])
    assert score_translations(translator, ["c" * 30], ["c"])["sources_cut"] == 1
    assert translator.num_cut == 3
