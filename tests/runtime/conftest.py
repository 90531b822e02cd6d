"""Tiny translators, and their exports."""

import numpy as np
import pytest

from t2t_vq.data import synthetic_ende
from t2t_vq.data.tokenizer import Tokenizer, train_vocabulary


@pytest.fixture(scope="session")
def tokenizer(tf):
    pairs = synthetic_ende.pairs("train", 0, 200)
    return Tokenizer(train_vocabulary([side for pair in pairs for side in pair], 400))


@pytest.fixture(scope="session")
def models(random_model, tokenizer):
    """A `Transformer`, and a `TransformerNat` with each predictor, by its name or None."""
    depths = {
        None: {"decoder_layers": 1},
        "causal": {"decoder_layers": 1, "predictor_layers": 2},
        "masked": {"decoder_layers": 1, "predictor_layers": 1},
    }
    return {name: random_model(tokenizer.vocab_size, name, **depths[name]) for name in depths}


@pytest.fixture(scope="session")
def export(tf, tmp_path_factory):
    """A function that exports a translator; what it has converted of a model, it keeps."""
    from t2t_vq.export import networks, openvino_format

    convert, converted = openvino_format.graph_of, {}

    def export(translator):
        def graph_of(network):
            model = translator.rescorer if network.name == "rescorer" else translator.model
            key = (model, network.name)
            if key not in converted:
                converted[key] = convert(network)
            return converted[key]

        folder = tmp_path_factory.mktemp("export")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(openvino_format, "graph_of", graph_of)
            networks.export_networks(translator, folder)
        return folder

    return export


@pytest.fixture(scope="session")
def eager(tf):
    """A class of translators that compile nothing, for tests that translate with one just once."""
    from t2t_vq.translator import Translator

    class EagerTranslator(Translator):
        def _translate_batches(self, batches):
            return [self.translate_batch(batch) for batch in batches]

        def compiled(self, length):
            return self._best

    return EagerTranslator


@pytest.fixture(scope="session")
def check_variety(tokenizer):
    """A function that checks that translations differ, in length too."""

    def check(translations):
        assert len(set(translations)) > len(translations) // 2
        assert len(np.unique([len(ids) for ids in tokenizer.encode_batch(translations)])) > 5

    return check
