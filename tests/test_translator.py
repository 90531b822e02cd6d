import dataclasses
import threading

import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq.bottlenecks.soft_em import SoftEM
from t2t_vq.data import synthetic_ende
from t2t_vq.data.tokenizer import Tokenizer, train_vocabulary
from t2t_vq.decoding.options import Search
from t2t_vq.line_translator import LineTranslator
from t2t_vq.models.transformer import Transformer
from t2t_vq.models.transformer_nat import TransformerNat
from t2t_vq.translator import Translator

SIZE = {"hidden_size": 16, "filter_size": 32, "num_heads": 2}
DEPTH = {"encoder_layers": 1, "decoder_layers": 1}
LINES = ["The dog sleeps.", "A cat sees the old house.", "We are very happy today.", "Who reads?"]


@pytest.fixture(scope="module")
def tokenizer(tf):
    pairs = synthetic_ende.pairs("train", 0, 200)
    return Tokenizer(train_vocabulary([side for pair in pairs for side in pair], 600))


@pytest.fixture(scope="module")
def translator(tokenizer):
    """Untrained, so that other sources give other nonsense."""
    keras.utils.set_random_seed(1)
    bottleneck = SoftEM(num_codes=16, num_samples=None)
    model = TransformerNat(
        tokenizer.vocab_size,
        bottleneck,
        predictor_layers=1,
        compress_steps=2,
        **SIZE,
        **DEPTH,
    )
    return Translator(model, tokenizer, max_length=32, batch_size=4)


def test_each_line_gives_its_own_translation_in_order(translator):
    together = translator.translate(LINES)
    assert len(set(together)) == len(LINES)
    for line, translation in zip(LINES, together, strict=True):
        assert translator.translate([line]) == [translation]


def test_a_translation_does_not_depend_on_what_is_translated_with_it(translator):
    lines = [f"{line} {ending}" for line in LINES for ending in ("", "Yes.", "The dog sees a cat.")]
    together = translator.translate(lines)
    backwards = translator.translate(lines[::-1])
    assert backwards[::-1] == together
    assert translator.translate(lines[5:8]) == together[5:8]


def test_many_batches_keep_their_order(translator):
    lines = [f"{line} {other}" for line in LINES for other in LINES] * 4
    alone = {line: translator.translate([line])[0] for line in lines}
    assert len(set(alone.values())) > len(LINES)
    assert translator.translate(lines) == [alone[line] for line in lines]


def test_a_batch_that_fails_is_told_of(translator, monkeypatch):
    def fail(sources):
        raise MemoryError("out of memory")

    monkeypatch.setattr(translator, "translate_batch", fail)
    with pytest.raises(MemoryError, match="out of memory"):
        translator.translate(LINES * 4)


def test_a_single_string_is_not_taken_for_lines(translator):
    with pytest.raises(TypeError, match=r"this is a single string\. Give \[line\]\."):
        translator.translate("The dog sleeps.")


@pytest.mark.parametrize("lines", [[None], [b"dog"], [5], {"dog": 1}.items()])
def test_what_is_no_string_is_told(translator, lines):
    with pytest.raises(TypeError, match=r"Item 0 of the lines is of type .*\. Give strings\."):
        translator.translate(lines)


@pytest.mark.parametrize("lines", [None, 5, {"dog"}, {"dog": "Hund"}, b"dog"])
def test_what_holds_no_lines_in_order_is_told(translator, lines):
    with pytest.raises(TypeError, match=r"A list of lines is needed, and this is .*\. Give "):
        translator.translate(lines)


def test_any_sequence_of_lines_is_translated(translator):
    assert translator.translate(iter(LINES)) == translator.translate(tuple(LINES))


def test_half_a_surrogate_pair_counts_as_a_replacement_character(translator):
    assert translator.translate(["dog \udc80"]) == translator.translate(["dog \ufffd"])


def test_no_lines_give_no_lines(translator):
    assert translator.translate([]) == []


def test_empty_and_blank_lines_stay_empty(translator):
    lines = ["", LINES[0], " ", "\t", "\u3000", LINES[1], "\r"]
    translations = translator.translate(lines)
    assert [bool(text) for text in translations] == [False, True, False, False, False, True, False]


def test_odd_characters_give_one_line_each(translator):
    lines = ["a\u2028b", "dog 🐕‍🦺", "tab\there", "\x00\x0b\x85", "漢字", "line\nbreak"]
    translations = translator.translate(lines)
    assert len(translations) == len(lines)
    assert all(translations)


def test_long_lines_are_cut_and_counted(translator, tokenizer):
    long = " ".join(["The old dog sleeps in the house."] * 30)
    ids = tokenizer.encode(long)
    before = translator.num_cut
    (translation,) = translator.translate([long])
    assert translator.num_cut == before + 1
    cut = [*ids[:31], tokenizer.eos_id]
    assert translator.encode([long]) == [cut]
    assert translation == tokenizer.decode(translator.translate_batch([cut])[0])


def test_a_line_of_the_longest_length_is_not_cut(translator, tokenizer):
    line = "dog"
    while len(tokenizer.encode(f"{line} dog")) <= 32:
        line += " dog"
    before = translator.num_cut
    translator.translate([line])
    assert translator.num_cut == before


class Spelling:
    """Stands for a model: whatever the source, it answers with the bytes of line breaks."""

    def __init__(self, tokens):
        self.tokens = tokens

    def translate(self, source, search):
        import tensorflow as tf

        return tf.tile(tf.constant([self.tokens]), [tf.shape(source)[0], 1])


def test_a_translation_never_holds_a_line_break(tokenizer):
    first = tokenizer.encode("dog")[:-1]
    breaks = [tokenizer._pieces.piece_to_id(piece) for piece in ("<0x0A>", "<0x0D>", "<0x0A>")]
    assert tokenizer.decode([*first, *breaks]) == "dog\n\r\n"
    translator = Translator(Spelling([*first, *breaks, *first, 1]), tokenizer, max_length=16)
    assert translator.translate(["a", "b"]) == ["dog  dog", "dog  dog"]


def test_lengths_reach_the_longest_source(tokenizer):
    assert Translator(None, tokenizer, max_length=64).lengths == [16, 32, 64]
    assert Translator(None, tokenizer, max_length=10).lengths == [16]
    assert Translator(None, tokenizer, max_length=100).lengths == [16, 32, 64, 128]
    assert Translator(None, tokenizer, max_length=5_000).lengths[-1] == 1024


def test_compiling_first_changes_nothing(translator):
    lines = [*LINES, "", "The dog " * 40]
    before = translator.num_cut
    translator.compile_for(lines)
    assert translator.num_cut == before
    expected = translator.translate(lines)
    assert translator.translate(lines) == expected
    assert translator.num_cut == before + 2


def test_a_beam_translates_as_the_model_does(tokenizer):
    model = Transformer(tokenizer.vocab_size, **SIZE, **DEPTH)
    search = Search(beam_size=2, alpha=1.0)
    translator = Translator(model, tokenizer, max_length=16, search=search)
    ids = tokenizer.encode(LINES[0])
    source = np.zeros((1, 16), np.int32)
    source[0, : len(ids)] = ids
    tokens = np.array(model.translate(source, search))[0]
    assert translator.translate(LINES[:1]) == [tokenizer.decode(tokens)]


class Preferring:
    """Stands for a rescorer: the more often a candidate holds `token`, the likelier it is."""

    variables = ()

    def __init__(self, token):
        self.token = token

    def log_likelihood(self, source, targets):
        return ops.sum(ops.cast(targets == self.token, "float32"), axis=-1) - 100.0


@pytest.mark.parametrize("search", [Search(beam_size=5), Search(num_samples=5, temperature=2.0)])
def test_the_candidate_is_chosen_that_the_rescorer_finds_likeliest(translator, tokenizer, search):
    ids = tokenizer.encode(LINES[0])
    source = np.zeros((1, 16), np.int32)
    source[0, : len(ids)] = ids
    candidates = np.asarray(translator.model.candidates(source, search))[0]
    counts = np.stack([(candidates == token).sum(-1) for token in range(tokenizer.vocab_size)])
    counts[:3] = 0
    # A token of which one candidate holds more than any other does.
    second, most = np.sort(counts, axis=1)[:, -2:].T
    token = int(np.argmax(most > second))
    rescoring = Translator(
        translator.model, tokenizer, 32, dataclasses.replace(search, alpha=0.0), Preferring(token)
    )
    chosen = rescoring.translate_batch([ids])[0]
    np.testing.assert_array_equal(chosen, candidates[counts[token].argmax()])


@pytest.mark.slow
def test_many_candidates_make_smaller_batches(translator, tokenizer):
    search = Search(beam_size=10)
    rescoring = Translator(translator.model, tokenizer, 32, search, translator.model)
    assert rescoring.batch_size == 6
    assert len(rescoring.translate(LINES * 2)) == 8


def test_one_candidate_cannot_be_rescored(translator, tokenizer):
    with pytest.raises(ValueError, match="only one candidate"):
        Translator(translator.model, tokenizer, 32, rescorer=translator.model)


def test_samples_need_a_rescorer(translator, tokenizer):
    with pytest.raises(ValueError, match="num_samples=4 gives as many candidates in no order"):
        Translator(translator.model, tokenizer, 32, Search(num_samples=4))


def source_of(tokenizer, line):
    source = np.zeros((1, 16), np.int32)
    ids = tokenizer.encode(line)
    source[0, : len(ids)] = ids
    return source


@pytest.fixture(scope="module")
def beam_translator(tokenizer):
    keras.utils.set_random_seed(2)
    model = Transformer(tokenizer.vocab_size, **SIZE, **DEPTH)
    return Translator(model, tokenizer, 16, Search(beam_size=3, alpha=1.0), batch_size=6)


def test_the_best_of_a_beam_are_its_candidates_with_their_penalised_likelihoods(
    beam_translator, tokenizer
):
    found = beam_translator.n_best([LINES[0], "", LINES[3]], 2)
    assert [len(pairs) for pairs in found] == [2, 1, 2] and found[1] == [("", 0.0)]
    source = source_of(tokenizer, LINES[0])
    candidates = np.asarray(beam_translator.model.candidates(source, beam_translator.search))
    likelihoods = np.asarray(beam_translator.model.log_likelihood(source, candidates))[0]
    lengths = (candidates[0] != 1).sum(axis=-1)
    scores = likelihoods / ((5 + lengths + 1) / 6)
    assert scores[0] >= scores[1] >= scores[2]
    assert [text for text, _ in found[0]] == tokenizer.decode_batch(candidates[0, :2])
    np.testing.assert_allclose([score for _, score in found[0]], scores[:2], rtol=1e-4)
    best = beam_translator.translate([LINES[0], "", LINES[3]])
    assert best == [pairs[0][0] for pairs in found]


def test_a_rescorer_ranks_the_best(translator, tokenizer):
    search = Search(num_samples=4, temperature=2.0)
    rescoring = Translator(translator.model, tokenizer, 16, search, translator.model, batch_size=4)
    found = rescoring.n_best(LINES[:2], 4)
    for pairs, best in zip(found, rescoring.translate(LINES[:2]), strict=True):
        scores = [score for _, score in pairs]
        assert scores == sorted(scores, reverse=True) and len(set(scores)) > 1
        assert pairs[0][0] == best


@pytest.mark.parametrize("number", [0, 4, 2.0, True, None])
def test_more_than_the_search_finds_is_refused(beam_translator, number):
    with pytest.raises(ValueError, match=f"n_best={number} .* as the search finds 3"):
        beam_translator.n_best(LINES, number)


TRANSLATIONS = ["Der Hund schläft.", "Die Katze sieht ein altes Haus.", "", "Wer liest?"]


@pytest.mark.parametrize("name", ["translator", "beam_translator"])
def test_given_translations_get_the_likelihoods_of_the_model(request, tokenizer, name):
    translator = request.getfixturevalue(name)
    log_probs, num_tokens = translator.score(LINES, TRANSLATIONS)
    assert log_probs.dtype == np.float32
    for line, text, log_prob, count in zip(LINES, TRANSLATIONS, log_probs, num_tokens, strict=True):
        target = np.array([[tokenizer.encode(text)]], np.int32)
        expected = translator.model.log_likelihood(source_of(tokenizer, line), target)
        np.testing.assert_allclose(log_prob, expected[0, 0], rtol=1e-4)
        assert count == target.size


def test_a_score_does_not_depend_on_what_is_scored_with_it(translator):
    lines, translations = LINES * 3, [*TRANSLATIONS, *TRANSLATIONS[::-1], *["Ja. " * 9] * 4]
    together = translator.score(lines, translations)[0]
    alone = [
        translator.score([line], [text])[0][0]
        for line, text in zip(lines, translations, strict=True)
    ]
    np.testing.assert_allclose(together, alone, rtol=1e-4)


def test_a_translation_longer_than_its_source_is_scored(translator, tokenizer):
    text = "Ja. " * 12
    ids = tokenizer.encode(text)
    assert 32 < len(ids) <= translator.model.target_length(32)
    found = translator.score(["Yes."], [text])
    expected = translator.model.log_likelihood(
        source_of(tokenizer, "Yes."), np.array([[ids]], np.int32)
    )
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-4)


def test_a_pair_that_is_too_long_has_no_score(translator):
    long = "The dog sleeps. " * 40
    log_probs, num_tokens = translator.score([long, LINES[0], LINES[0]], ["Ja.", long, "Ja."])
    assert np.isnan(log_probs).tolist() == np.isnan(num_tokens).tolist() == [True, True, False]


def test_each_line_has_one_translation_to_score(translator):
    with pytest.raises(ValueError, match="There are 4 lines and 1 translations"):
        translator.score(LINES, ["Ja."])
    with pytest.raises(TypeError, match="this is a single string"):
        translator.score(LINES, "Ja.")
    assert [part.shape for part in translator.score([], [])] == [(0,), (0,)]


def test_who_interrupts_does_not_wait_for_batches_that_have_begun():
    go_on, done = threading.Event(), []

    def work(batch):
        if batch == 0:
            raise KeyboardInterrupt
        go_on.wait(60)
        done.append(batch)

    threaded = LineTranslator(tokenizer=None, lengths=[16], batch_size=4, num_threads=2)
    with pytest.raises(KeyboardInterrupt):
        threaded.in_threads(work, [0, 1])
    assert not done
    go_on.set()


def test_who_watches_is_told_of_each_batch():
    translator = LineTranslator(tokenizer=None, lengths=[16], batch_size=4, num_threads=1)
    told = []
    translator.watch = told.append
    assert translator.in_threads(len, [[1, 2], [3]]) == told == [2, 1]
