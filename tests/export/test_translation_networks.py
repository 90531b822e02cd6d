"""Each network computes what the model that it is a part of does."""

import dataclasses

import numpy as np
import pytest
from keras import ops

from t2t_vq.backend.compilation import plain_operations
from t2t_vq.bottlenecks import ResidualVectorQuantizer, VectorQuantizer
from t2t_vq.decoding.options import Search
from t2t_vq.export.network_parts import named
from t2t_vq.export.translation_networks import translation_details, translation_networks
from t2t_vq.formats.details import TranslationDetails
from t2t_vq.models.transformer import Transformer
from t2t_vq.translator import Translator

VOCAB, CODES, LEVELS = 60, 16, 3
RNG = np.random.default_rng(0)
REFINED = Search(refinements=1)


def draw_ids(rows, length):
    """Token ids, ended and padded but for the first row's."""
    ids = RNG.integers(2, VOCAB, (rows, length)).astype("int32")
    for row in range(1, rows):
        ids[row, length - row :] = 0
        ids[row, length - row - 1] = 1
    return ids


SOURCE, TARGET = draw_ids(3, 9), draw_ids(3, 8)


@pytest.fixture(scope="module")
def models(random_model):
    def residual():
        return ResidualVectorQuantizer(VectorQuantizer(CODES), num_quantizers=LEVELS)

    return {
        "transformer": random_model(VOCAB),
        "causal": random_model(VOCAB, "causal"),
        "causal, residual": random_model(VOCAB, "causal", residual()),
        "masked, residual": random_model(VOCAB, "masked", residual()),
    }


@pytest.fixture
def networks(models):
    """Returns a function that returns a model's networks as functions, by name."""

    def networks(name, search=REFINED, rescorer=None):
        search = Search() if name == "transformer" else search
        translator = Translator(models[name], None, 16, search, rescorer)
        return {each.name: plain(each.function) for each in translation_networks(translator)}

    return networks


def plain(function):
    """A function that computes in the operations that are exported."""

    def call(**tensors):
        with plain_operations():
            return function(**tensors)

    return call


def over(names):
    return pytest.mark.parametrize("name", names)


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def draw_codes(rows, length, codebooks):
    return RNG.integers(0, CODES, (rows, length, codebooks)).astype("int32")


def projected_memory(model, stack):
    """The encoded source as networks take it for the steps of a stack."""
    return named("memory_", stack.project_memory(model.encode(SOURCE)[0]))


def past_of(found):
    """What a network hands on, as it takes it at the next position."""
    return {
        name.replace("next_", "past_"): tensor
        for name, tensor in found.items()
        if name.startswith(("next_keys", "next_values"))
    }


def empty_past(stack, rows):
    head = stack.blocks[0].self_attention
    empty = np.zeros((rows, head.num_heads, 0, head.head_size), "float32")
    return named("past_", [(empty, empty)] * stack.num_layers)


def scalar(number):
    return ops.convert_to_tensor(number, "int32")


@pytest.mark.parametrize(
    ("name", "search", "expected"),
    [
        ("transformer", Search(), ["encoder", "predictor"]),
        ("causal", Search(), ["encoder", "predictor", "decoder"]),
        ("causal", REFINED, ["encoder", "predictor", "decoder", "compressor"]),
        (
            "masked, residual",
            Search(),
            ["encoder", "predictor", "code_head_1", "code_head_2", "decoder"],
        ),
    ],
)
def test_a_search_has_the_networks_it_needs(models, networks, name, search, expected):
    assert list(networks(name, search)) == expected
    rescored = dataclasses.replace(search, beam_size=2)
    translator = Translator(models[name], None, 16, rescored, models["transformer"])
    assert [each.name for each in translation_networks(translator)] == [*expected, "rescorer"]


@over(["transformer", "causal, residual"])
def test_a_stepwise_encoder_projects_its_output(models, networks, name):
    model = models[name]
    stack = model.decoder if name == "transformer" else model.predictor.stack
    expected = projected_memory(model, stack)
    if name != "transformer":
        expected["memory"], _ = model.encode(SOURCE)
    found = networks(name)["encoder"](source=SOURCE)
    assert set(found) == set(expected)
    for part, tensor in expected.items():
        close(found[part], tensor)


def test_the_encoder_of_a_masked_predictor_scores_numbers_of_latents(models, networks):
    model = models["masked, residual"]
    memory, mask = model.encode(SOURCE)
    found = networks("masked, residual")["encoder"](source=SOURCE, most=scalar(7))
    close(found["memory"], memory)
    close(found["length_logits"], model.predictor.length_logits(memory, mask, 7))


def test_a_token_predictor_scores_what_the_model_does(models, networks):
    model = models["transformer"]
    expected = model({"source": SOURCE, "target": TARGET})
    memory = projected_memory(model, model.decoder)
    predict, past = networks("transformer")["predictor"], empty_past(model.decoder, 3)
    for position in range(TARGET.shape[1]):
        symbols = TARGET[:, max(position - 1, 0)]
        found = predict(source=SOURCE, symbols=symbols, position=scalar(position), **memory, **past)
        close(found["logits"], expected[:, position])
        past = past_of(found)


@over(["causal", "causal, residual"])
def test_a_code_predictor_and_its_heads_score_what_the_model_does(models, networks, name):
    model = models[name]
    codes = draw_codes(3, 4, model.bottleneck.num_codebooks)
    embedded = model.bottleneck.embed(codes)
    memory, mask = model.encode(SOURCE)
    first, later = model.predictor(embedded, codes, memory, mask)
    parts, past = networks(name), empty_past(model.predictor.stack, 3)
    memory = projected_memory(model, model.predictor.stack)
    for position in range(4):
        found = parts["predictor"](
            source=SOURCE,
            codes=codes[:, max(position - 1, 0)],
            position=scalar(position),
            **memory,
            **past,
        )
        # A sequence does not end before it has begun.
        begins = position == 0
        close(found["logits"][:, : CODES + 1 - begins], first[:, position, : CODES + 1 - begins])
        assert (np.asarray(found["logits"])[:, CODES] == -1e9).all() == begins
        hidden = found.get("hidden")
        for number, expected in enumerate(later, start=1):
            scored = parts[f"code_head_{number}"](
                hidden=hidden, codes=codes[:, position, number - 1]
            )
            close(scored["logits"], expected[:, position])
            hidden = scored["next_hidden"]
        past = past_of(found)


def test_a_masked_predictor_and_its_heads_score_what_the_model_does(models, networks):
    model, parts = models["masked, residual"], networks("masked, residual")
    codes, counts = draw_codes(3, 5, LEVELS), np.array([[5], [2], [4]], "int32")
    is_hidden = RNG.random((3, 5)) < 0.5
    memory, mask = model.encode(SOURCE)
    expected = model.predictor(
        model.bottleneck.embed(codes), codes, is_hidden, np.arange(5) < counts, memory, mask
    )
    found = parts["predictor"](
        source=SOURCE, memory=memory, codes=codes, is_hidden=is_hidden, counts=counts
    )
    close(found["logits"], expected[0])
    hidden = found["hidden"]
    for number in range(1, LEVELS):
        scored = parts[f"code_head_{number}"](hidden=hidden, codes=codes[..., number - 1])
        close(scored["logits"], expected[number])
        hidden = scored["next_hidden"]


@over(["causal", "masked, residual"])
def test_a_decoder_decodes_as_the_model_does(models, networks, name):
    """Two candidates of each source, some of them shorter."""
    model = models[name]
    codes = draw_codes(6, 8, model.bottleneck.num_codebooks)
    codes[1, 3:] = codes[4, 1:] = CODES
    memory, mask = model.encode(SOURCE)
    found = networks(name)["decoder"](source=SOURCE, memory=memory, codes=codes)
    np.testing.assert_array_equal(found["tokens"], model.decode_latents(codes, memory, mask))


@over(["causal", "masked, residual"])
def test_a_compressor_gives_the_codes_of_tokens(models, networks, name):
    model = models[name]
    found = networks(name)["compressor"](tokens=TARGET)
    latents = model.compress(TARGET)
    codes = model.bottleneck.forward_pass(latents.vectors, latents.mask).output.codes
    # Padding, and what follows an end, has no code.
    is_there = np.asarray(latents.mask)
    np.testing.assert_array_equal(found["codes"][is_there], codes[is_there])
    assert (found["codes"][~is_there].numpy() == CODES).all() and not is_there.all()
    ended = TARGET.copy()
    ended[TARGET == 0] = 7
    np.testing.assert_array_equal(
        networks(name)["compressor"](tokens=ended)["codes"], found["codes"]
    )


@over(["transformer", "causal", "masked, residual"])
def test_a_rescorer_scores_as_its_model_does(models, networks, name):
    rescorer = models[name]
    candidates = np.stack([TARGET, draw_ids(3, 8)], axis=1)
    score = networks("causal", Search(beam_size=2), rescorer)["rescorer"]
    found = score(source=SOURCE, candidates=candidates)["likelihoods"]
    close(found, rescorer.log_likelihood(SOURCE, candidates))
    assert len(np.unique(found)) == 6


def test_details_say_how_to_search(models):
    search = Search(beam_size=3, passes=2)
    model = models["masked, residual"]
    translator = Translator(model, None, 20, search, models["transformer"])
    assert translation_details(translator) == TranslationDetails(
        search=search,
        is_rescored=True,
        target_lengths=((16, 32), (32, 56)),
        predictor="masked",
        num_codes=CODES,
        num_codebooks=LEVELS,
        compress_steps=1,
    )
    details = translation_details(Translator(models["transformer"], None, 16))
    assert (details.predictor, details.is_rescored, details.num_codes) == ("tokens", False, 0)


def test_a_model_of_another_class_is_refused():
    class Other(Transformer):
        """Computes who knows what."""

    size = {"hidden_size": 8, "filter_size": 8, "num_heads": 2}
    other = Other(VOCAB, encoder_layers=1, decoder_layers=1, **size)
    with pytest.raises(ValueError, match=r"networks a Other consists of.*--format=saved_model\."):
        translation_networks(Translator(other, None, 16))
