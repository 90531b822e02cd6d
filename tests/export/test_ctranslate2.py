import sys

import keras
import numpy as np
import pytest

from t2t_vq.bottlenecks.soft_em import SoftEM
from t2t_vq.data import synthetic_ende
from t2t_vq.data.tokenizer import Tokenizer, train_vocabulary
from t2t_vq.decoding.options import Search
from t2t_vq.models.transformer import Transformer
from t2t_vq.models.transformer_nat import TransformerNat
from t2t_vq.translator import Translator

SIZE = {"hidden_size": 16, "filter_size": 24, "num_heads": 2}
DEPTH = {"encoder_layers": 2, "decoder_layers": 1}
LINES = [english for english, _ in synthetic_ende.pairs("test", 0, 24)]


@pytest.fixture(scope="module")
def tokenizer(tf):
    pairs = synthetic_ende.pairs("train", 0, 200)
    return Tokenizer(train_vocabulary([side for pair in pairs for side in pair], 500))


@pytest.fixture(scope="module")
def translator(tokenizer):
    """Untrained, with no weight at zero or one, so that none can be left out unnoticed."""
    keras.utils.set_random_seed(1)
    model = Transformer(tokenizer.vocab_size, **SIZE, **DEPTH)
    # The layers outweigh the tied embeddings, or every word would repeat the one before.
    for variable in model.encoder.trainable_variables + model.decoder.trainable_variables:
        variable.assign_add(keras.random.normal(variable.shape))
    return Translator(model, tokenizer, max_length=64)


@pytest.fixture(scope="module")
def served(translator, tmp_path_factory):
    """The exported vocabulary and model, as the README loads them."""
    import ctranslate2
    import sentencepiece

    from t2t_vq.export.ctranslate2 import export_ctranslate2

    folder = tmp_path_factory.mktemp("export") / "fast"
    export_ctranslate2(translator, folder)
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "sentencepiece.model"))
    return pieces, ctranslate2.Translator(str(folder))


def test_greedy_search_gives_the_same_tokens(translator, served):
    pieces, model = served
    tokens = translator.translate_batch(pieces.encode(LINES, add_eos=True)).tolist()
    expected = [row[: row.index(1)] if 1 in row else row for row in tokens]
    found = model.translate_batch(
        pieces.encode(LINES, out_type=str),
        beam_size=1,
        max_decoding_length=translator.model.target_length(translator.lengths[-1]),
    )
    assert [pieces.piece_to_id(item.hypotheses[0]) for item in found] == expected
    assert len(set(map(tuple, expected))) > 10


def test_translations_have_the_same_likelihood(translator, served):
    pieces, model = served
    for source, target in synthetic_ende.pairs("test", 0, 4):
        ids = [np.array([pieces.encode(text, add_eos=True)], "int32") for text in (source, target)]
        expected = translator.model.log_likelihood(ids[0], ids[1][:, None])
        (found,) = model.score_batch(*([pieces.encode(t, out_type=str)] for t in (source, target)))
        np.testing.assert_allclose(sum(found.log_probs), expected[0, 0], rtol=1e-4)


def test_another_model_is_refused(tokenizer, tmp_path):
    from t2t_vq.export.ctranslate2 import export_ctranslate2

    bottleneck = SoftEM(num_codes=16)
    model = TransformerNat(tokenizer.vocab_size, bottleneck, predictor_layers=1, **SIZE, **DEPTH)
    with pytest.raises(ValueError, match="CTranslate2 cannot run a TransformerNat"):
        export_ctranslate2(Translator(model, tokenizer, max_length=64), tmp_path / "fast")


@pytest.mark.parametrize("options", [{"beam_size": 4}, {"alpha": 1.0}, {"num_samples": 1}])
def test_a_search_is_refused(translator, options, tmp_path):
    from t2t_vq.export.ctranslate2 import export_ctranslate2

    searching = Translator(translator.model, translator.tokenizer, 64, Search(**options))
    with pytest.raises(ValueError, match="holds no search and no second model"):
        export_ctranslate2(searching, tmp_path / "fast")


def test_without_the_library_the_extra_is_named(translator, tmp_path, monkeypatch):
    from t2t_vq.export.ctranslate2 import export_ctranslate2

    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    with pytest.raises(ValueError, match=r'pip install "t2t-vq\[bench\]"'):
        export_ctranslate2(translator, tmp_path / "fast")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_files_is_not_written_to(translator, tmp_path):
    from t2t_vq.export.ctranslate2 import export_ctranslate2

    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"is not empty. Choose another --export_dir"):
        export_ctranslate2(translator, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_the_baseline_of_the_tables_is_the_same_model_and_can_be_timed(translator, load_script):
    script = load_script("reproduce_translation")
    baseline = script.InCTranslate2(translator, beam_size=1, precision="float32")
    for lines in (LINES[:1], LINES[:3]):
        ids = baseline.encode(lines)
        found, expected = baseline.translate_batch(ids), translator.translate_batch(ids).tolist()
        assert all(found) and found == [
            row[: len(tokens)] for row, tokens in zip(expected, found, strict=True)
        ]
    times = script.speed(baseline, translator, LINES[:3])
    assert times["latency_ms"] > 0 and times["best_sentences_per_second"] > 0
