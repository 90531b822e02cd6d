import numpy as np
import pytest

from t2t_vq.metrics.bleu import bleu, chrf

LINES = ["Der Hund schläft heute im Garten .", "Die Katze sieht den Vogel ."]


@pytest.mark.parametrize("metric", [bleu, chrf])
def test_a_perfect_translation_scores_100(metric):
    assert metric(LINES, LINES).score == pytest.approx(100)


@pytest.mark.parametrize("metric", [bleu, chrf])
def test_a_translation_that_shares_nothing_scores_next_to_0(metric):
    assert metric(["qqq www"] * 2, LINES).score < 1


def test_bleu_by_hand():
    # Precisions 4/5, 2/4, 1/3, 1 / (2 * 2) smoothed; the lengths agree.
    hypothesis, reference = "a b c x d", "a b c d y"
    expected = 100 * (4 / 5 * 2 / 4 * 1 / 3 * 1 / 4) ** 0.25
    assert bleu([hypothesis], [reference]).score == pytest.approx(expected)


def test_the_signature_says_how_it_was_computed():
    assert "tok:13a" in bleu(LINES, LINES).signature
    assert "version:" in chrf(LINES, LINES).signature


@pytest.mark.parametrize("metric", [bleu, chrf])
def test_a_missing_translation_is_an_error(metric):
    with pytest.raises(ValueError, match="There are 1 translations and 2 references"):
        metric(LINES[:1], LINES)


@pytest.mark.parametrize("metric", [bleu, chrf])
@pytest.mark.parametrize("lines", ["ab", b"ab", [b"a", b"b"], [1, 2], [None, "a"], None, 2])
def test_what_is_no_list_of_strings_is_told(metric, lines):
    with pytest.raises(TypeError, match=r"The translations are no list of strings\. Give"):
        metric(lines, LINES)
    with pytest.raises(TypeError, match=r"The references are no list of strings\. Give"):
        metric(LINES, lines)


@pytest.mark.parametrize("metric", [bleu, chrf])
def test_any_iterable_of_strings_is_scored_and_nothing_is_not(metric):
    assert metric(iter(LINES), np.array(LINES)) == metric(LINES, LINES)
    with pytest.raises(ValueError, match="There are no translations to score"):
        metric([], [])


def test_russian_is_taken_apart_as_german_is():
    assert "tok:13a" in bleu(LINES, LINES, "ru").signature
    found = bleu(["Кошка спит дома , мама ."], ["Кошка спит дома, мама."], "ru")
    assert found.score == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("language", "tokenizer"), [("zh-CN", "zh"), ("zho_Hans", "zh"), ("ja", "char"), ("th", "char")]
)
def test_lines_without_blanks_are_taken_apart_by_characters(language, tokenizer):
    found = bleu(["我喜欢小狗"], ["我喜欢小猫"], language)
    assert f"tok:{tokenizer}" in found.signature
    # Precisions 4/5, 3/4, 2/3 and 1/2.
    assert found.score == pytest.approx(100 * (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25)
