import numpy as np
import pytest

from t2t_vq.data.tokenizer import Tokenizer, train_vocabulary

SENTENCES = ["The small house is green.", "Das kleine Haus ist grün.", "It rains; es regnet."] * 40
ODD = [
    "",
    " ",
    "two  blanks\tand a tab ",
    "naïve café, München",
    "e\u0301 combining",
    "日本語のテキスト",
    "🙂 emoji 👩\u200d👩\u200d👧",
    "a\u00a0no-break blank",
    "line\nbreak",
    "<s> </s> <pad> <unk> <0x41>",
    "▁ marks ▁▁",
]


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer(train_vocabulary(SENTENCES, 320))


def test_the_same_text_gives_the_same_bytes(tokenizer):
    assert train_vocabulary(SENTENCES, 320) == tokenizer.model_bytes


def test_text_comes_back(tokenizer):
    for text in [*SENTENCES[:3], "Größe: 12 €", "日本語", "🙂 ok"]:
        assert tokenizer.decode(tokenizer.encode(text)) == text


def test_blanks_and_compatibility_characters_are_normalised(tokenizer):
    assert tokenizer.decode(tokenizer.encode("  two  blanks\tand … ")) == "two blanks and ..."


def test_every_sentence_ends_in_eos_and_contains_no_other_control_id(tokenizer):
    for text in ODD:
        ids = tokenizer.encode(text)
        assert ids[-1] == tokenizer.eos_id == 1
        assert not {0, 1, 2} & set(ids[:-1])


def test_batches_encode_like_single_sentences(tokenizer):
    assert tokenizer.encode_batch(ODD) == [tokenizer.encode(text) for text in ODD]


def test_decode_stops_at_the_first_eos_and_ignores_padding(tokenizer):
    ids = tokenizer.encode("The house")
    row = np.asarray([0, *ids, *tokenizer.encode("green"), 0, 0], np.int32)
    assert tokenizer.decode(row) == "The house"
    assert tokenizer.decode_batch(np.stack([row, row])) == ["The house"] * 2


def test_a_model_is_read_from_its_file(tokenizer, tmp_path):
    path = tmp_path / "vocab.model"
    path.write_bytes(tokenizer.model_bytes)
    assert Tokenizer(path).encode("The house") == tokenizer.encode("The house")


def test_tensorflow_text_gives_the_same_ids(tokenizer):
    text = pytest.importorskip("tensorflow_text")
    in_graph = text.SentencepieceTokenizer(model=tokenizer.model_bytes, add_eos=True)
    assert in_graph.tokenize(ODD).to_list() == [tokenizer.encode(odd) for odd in ODD]


def test_a_vocabulary_too_small_for_its_bytes_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="No vocabulary of 20 pieces"):
        train_vocabulary(SENTENCES, 20)
