"""An export translates the very lines of the Keras translator that it was made from."""

import dataclasses

import pytest

from t2t_vq import runtime
from t2t_vq.data import synthetic_ende
from t2t_vq.decoding.options import Search
from t2t_vq.translator import Translator

# Of 15 to 56 tokens, most of them cut at 16 or 32; and what is odd.
LINES = [
    *(english for english, _ in synthetic_ende.pairs("test", 0, 24)),
    *("", "The dog sleeps.", " ", "A\u2028cat\u00a0sees.", "\t", "dog 🐕‍🦺", "漢字", "x\x00y"),
    *("Ａ ﬁne dog", "a\tb", "\ufffd", "line\r", " dog "),
]
# Of up to 16, 32 and 64 tokens, and beyond, where they are cut.
LONG_LINES = [" ".join(LINES[i : i + count]) for count in (1, 2, 3) for i in (0, 4)]
SAMPLES = Search(num_samples=3, temperature=1.0)
BEAM = Search(beam_size=3)
# Predictor, search, and what rescores: the model itself or a transformer.
SEARCHES = {
    "transformer, beam": (None, BEAM, None),
    "transformer, samples": (None, SAMPLES, "itself"),
    "causal, beam": ("causal", BEAM, None),
    "causal, samples": ("causal", SAMPLES, "transformer"),
    "causal, rescored beam": ("causal", BEAM, "itself"),
    "causal, refined": ("causal", Search(refinements=2), None),
    "masked, beam": ("masked", BEAM, None),
    "masked, samples": ("masked", SAMPLES, "transformer"),
    "masked, rescored beam": ("masked", BEAM, "itself"),
    "masked, refined": ("masked", Search(refinements=2), None),
    "masked, passes": ("masked", Search(passes=3), None),
    "masked, samples in passes": (
        "masked",
        dataclasses.replace(SAMPLES, passes=3, refinements=1),
        "transformer",
    ),
}
PREDICTORS = pytest.mark.parametrize("predictor", [None, "causal", "masked"])


@pytest.fixture(scope="module")
def translators(models, tokenizer):
    """What `t2t-vq-decode` runs, greedy."""
    return {
        name: Translator(model, tokenizer, 16 if name else 32, batch_size=8)
        for name, model in models.items()
    }


@pytest.fixture(scope="module")
def exports(translators, export):
    return {name: export(translator) for name, translator in translators.items()}


@PREDICTORS
def test_greedy_lines_are_those_of_the_compiled_translator(
    translators, exports, check_variety, predictor
):
    expected = translators[predictor].translate(LINES)
    check_variety(expected)
    assert runtime.load(exports[predictor], batch_size=8).translate(LINES) == expected


@pytest.mark.parametrize("name", SEARCHES)
def test_every_search_finds_the_same_lines(models, tokenizer, eager, export, check_variety, name):
    predictor, search, rescorer = SEARCHES[name]
    rescorer = {None: None, "itself": models[predictor], "transformer": models[None]}[rescorer]
    translator = eager(models[predictor], tokenizer, 16, search, rescorer, batch_size=128)
    expected = translator.translate(LINES)
    check_variety(expected)
    folder = export(translator)
    # One line at a time too, so that none is decoded further than it needs.
    for batch_size in (1, 64):
        assert runtime.load(folder, batch_size).translate(LINES) == expected


@PREDICTORS
def test_long_lines_are_translated_and_cut_as_by_the_translator(
    models, tokenizer, eager, export, predictor
):
    translator = eager(models[predictor], tokenizer, 64)
    exported = runtime.load(export(translator))
    expected = translator.translate(LONG_LINES)
    assert len(set(expected)) > 3
    assert exported.translate(LONG_LINES) == expected
    assert exported.num_cut == translator.num_cut == 2


@PREDICTORS
def test_a_line_does_not_depend_on_what_is_translated_with_it(exports, predictor):
    exported = runtime.load(exports[predictor])
    together = exported.translate(LINES)
    assert [exported.translate([line])[0] for line in LINES] == together
    assert exported.translate(LINES[::-1]) == together[::-1]


@PREDICTORS
@pytest.mark.parametrize("batch_size", [1, 5])
def test_small_batches_and_threads_change_no_line(exports, predictor, batch_size):
    expected = runtime.load(exports[predictor]).translate(LINES)
    for num_threads in (1, 3):
        exported = runtime.load(exports[predictor], batch_size=batch_size)
        exported.num_threads = num_threads
        assert exported.batch_size == batch_size
        assert exported.translate(LINES) == expected


def test_many_candidates_make_smaller_batches(models, tokenizer, eager, export):
    translator = eager(models["causal"], tokenizer, 16, BEAM)
    assert runtime.load(export(translator), batch_size=8).batch_size == 2


@PREDICTORS
def test_no_lines_give_no_lines_and_empty_ones_stay_empty(exports, predictor):
    exported = runtime.load(exports[predictor])
    assert exported.translate([]) == []
    assert exported.translate(["", " ", "\t"]) == [""] * 3


def test_compiling_first_changes_nothing(exports):
    exported = runtime.load(exports["causal"], batch_size=8)
    exported.encode(LONG_LINES)
    before = exported.num_cut
    exported.compile_for(LONG_LINES)
    assert exported.num_cut == before > 0
    assert exported.translate(LINES) == runtime.load(exports["causal"]).translate(LINES)


def test_an_export_holds_the_search_it_was_made_with(models, tokenizer, eager, export):
    search = Search(beam_size=3, alpha=0.3, refinements=1)
    translator = eager(models["masked"], tokenizer, 16, search)
    assert runtime.load(export(translator)).search == search


@pytest.mark.parametrize(
    ("num_lines", "batch_size", "sizes"),
    [(1, 8, [1]), (2, 8, [1, 1]), (5, 8, [3, 2]), (20, 8, [8, 8, 4]), (3, 1, [1, 1, 1])],
)
def test_no_processor_is_without_lines(
    models, tokenizer, eager, export, monkeypatch, num_lines, batch_size, sizes
):
    exported = runtime.load(export(eager(models[None], tokenizer, 32)), batch_size)
    exported.num_threads = 2
    translate, found = exported._translate, []

    def noting(networks, sources):
        found.append(len(sources))
        return translate(networks, sources)

    monkeypatch.setattr(exported, "_translate", noting)
    lines = ["The dog sleeps."] * num_lines
    assert len(set(exported.translate(lines))) == 1
    assert sorted(found, reverse=True) == sizes
