import shutil

import numpy as np
import pytest

from t2t_vq import atomic, registry
from t2t_vq.data import corpus_files, manifests
from t2t_vq.data.tokenizer import train_vocabulary
from t2t_vq.problems.translation import TranslationProblem

OPTIONS = {"batch_tokens": 128, "max_length": 32, "num_buckets": 2}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    problem = small("translate_ende_synthetic")
    problem.generate_data(folder)
    return folder


def small(name):
    problem = registry.problem(name)
    problem.num_train_pairs, problem.num_dev_pairs, problem.num_test_pairs = 400, 20, 10
    return problem


def sides(batch):
    return batch["source"].numpy(), batch["target"].numpy()


def test_unprepared_data_says_which_command_is_needed(tmp_path):
    problem = registry.problem("translate_ende_synthetic_rev")
    assert not problem.is_generated(tmp_path)
    with pytest.raises(FileNotFoundError, match="t2t-vq-datagen --problem=translate_ende_synth"):
        problem.tokenizer(tmp_path)


def test_batches_hold_the_text(prepared):
    problem = small("translate_ende_synthetic")
    tokenizer = problem.tokenizer(prepared)
    found = set()
    for batch in problem.batches(prepared, "dev", **OPTIONS):
        for source, target in zip(*map(tokenizer.decode_batch, sides(batch)), strict=True):
            found.add((source, target))
    assert found - {("", "")} == set(zip(*problem.text(prepared, "dev"), strict=True))


def test_the_reversed_problem_swaps_sides_of_the_same_files(prepared):
    forward = small("translate_ende_synthetic")
    backward = small("translate_ende_synthetic_rev")
    assert backward.is_generated(prepared)
    assert backward.text(prepared, "test") == forward.text(prepared, "test")[::-1]
    batches = [
        next(iter(problem.train_batches(prepared, 0, seed=5, **OPTIONS)))
        for problem in (forward, backward)
    ]
    np.testing.assert_array_equal(batches[0]["source"], batches[1]["target"])
    np.testing.assert_array_equal(batches[0]["target"], batches[1]["source"])


def test_epochs_differ_and_repeat(prepared):
    problem = small("translate_ende_synthetic")

    def epoch(number, seed):
        batches = problem.train_batches(prepared, number, seed=seed, **OPTIONS)
        return np.concatenate([batch["source"].numpy().ravel() for batch in batches])

    np.testing.assert_array_equal(epoch(1, seed=5), epoch(1, seed=5))
    assert not np.array_equal(epoch(1, seed=5), epoch(0, seed=5))
    assert not np.array_equal(epoch(1, seed=5), epoch(1, seed=6))


def test_validation_batches_have_shapes_of_training_batches(prepared):
    problem = small("translate_ende_synthetic")
    train = problem.train_batches(prepared, 0, seed=5, **OPTIONS)
    dev = problem.batches(prepared, **OPTIONS)
    assert {tuple(b["source"].shape) for b in dev} <= {tuple(b["source"].shape) for b in train}


def test_training_text_is_no_text_to_evaluate_on(prepared):
    with pytest.raises(FileNotFoundError, match="it has dev and test"):
        small("translate_ende_synthetic").text(prepared, "train")


def test_a_vocabulary_that_is_none_is_named(prepared, tmp_path):
    folder = shutil.copytree(prepared, tmp_path / "data")
    problem = small("translate_ende_synthetic")
    path = corpus_files.vocab_path(folder, problem.corpus_name)
    path.write_bytes(path.read_bytes()[::-1])
    with pytest.raises(ValueError, match=rf"{path} is not .*its SHA-256 is another"):
        problem.tokenizer(folder)
    without_notes(problem, folder)
    with pytest.raises(ValueError, match=rf"{path} is not .*it is no vocabulary"):
        problem.tokenizer(folder)
    path.write_bytes(train_vocabulary(["a b", "c d"] * 50, 270))
    with pytest.raises(ValueError, match=rf"{path} is not .*it has \d+ of [\d,]+ pieces"):
        problem.tokenizer(folder)


def without_notes(problem, folder):
    """Makes the data what an earlier version would have written."""
    manifest = problem.manifest(folder)
    del manifest["files"]
    atomic.write_json(manifests.path(folder, problem.corpus_name), manifest)


def test_data_of_an_earlier_version_is_used(prepared, tmp_path):
    folder = shutil.copytree(prepared, tmp_path / "data")
    problem = small("translate_ende_synthetic")
    without_notes(problem, folder)
    problem.generate_data(folder)
    assert problem.text(folder, "test") == problem.text(prepared, "test")
    assert problem.tokenizer(folder).digest == problem.tokenizer(prepared).digest
    assert len(list(problem.train_batches(folder, 0, seed=5, **OPTIONS))) > 1


def test_a_text_of_an_earlier_version_that_was_cut_is_named(prepared, tmp_path):
    folder = shutil.copytree(prepared, tmp_path / "data")
    problem = small("translate_ende_synthetic")
    without_notes(problem, folder)
    path = corpus_files.text_path(folder, problem.corpus_name, "test")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:4]))
    with pytest.raises(ValueError, match=rf"{path} is not .*it holds 4 of 10 pairs"):
        problem.text(folder, "test")


def test_no_pair_is_longer_than_max_length(prepared):
    options = {**OPTIONS, "max_length": 10}
    for batch in small("translate_ende_synthetic").train_batches(prepared, 0, seed=5, **options):
        for side in sides(batch):
            assert np.count_nonzero(side, axis=1).max() <= 10


@pytest.mark.parametrize("split", ["train", "dev"])
def test_an_epoch_without_batches_is_refused(prepared, split):
    options = {**OPTIONS, "max_length": 2}
    with pytest.raises(ValueError, match=rf"All \d+ {split} pairs of .* Choose max_length=\d"):
        small("translate_ende_synthetic").batches(prepared, split, **options)


def test_a_problem_of_ones_own_needs_source_and_pairs_alone(tmp_path):
    class Mine(TranslationProblem):
        registered_name = "mine"

        def source(self, source_dir):
            return "first version"

        def pairs(self, split, source_dir, report):
            for word in ("ba", "do", "ki", "lu"):
                yield word, word[::-1]

    Mine().generate_data(tmp_path)
    splits = Mine().manifest(tmp_path)["splits"]
    assert [splits[split]["pairs"] for split in ("train", "dev", "test")] == [4, 4, 4]
    Mine().generate_data(tmp_path)
    Mine.source = lambda self, source_dir: "second version"
    with pytest.raises(ValueError, match=r"mine\.json was prepared from another source"):
        Mine().generate_data(tmp_path)


@pytest.mark.parametrize(
    "name", ["translate_ende", "translate_ende_local", "image_cifar10", "image_cifar10_local"]
)
def test_what_was_prepared_from_files_is_used_without_them(name):
    assert registry.problem(name).external
