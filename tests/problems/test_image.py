import numpy as np
import pytest

from t2t_vq import registry


def small():
    problem = registry.problem("image_synthetic")
    problem.num_train_images, problem.num_test_images = 40, 10
    return problem


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    small().generate_data(folder)
    return folder


def images(batches):
    return np.concatenate([batch["image"].numpy() for batch in batches])


def test_unprepared_data_says_which_command_is_needed(tmp_path):
    problem = small()
    assert not problem.is_generated(tmp_path)
    for use in (problem.model_arguments, problem.batches):
        options = {"batch_size": 8} if use == problem.batches else {}
        with pytest.raises(FileNotFoundError, match="t2t-vq-datagen --problem=image_synthetic"):
            use(tmp_path, **options)


def test_a_model_is_told_shape_and_classes(prepared):
    assert small().model_arguments(prepared) == {"image_shape": (32, 32, 3), "num_classes": 10}


def test_training_batches_are_whole_and_hold_each_image_once_at_most(prepared):
    batches = small().train_batches(prepared, 0, batch_size=8, seed=1)
    assert batches.cardinality() == len(list(batches)) == 4
    for batch in batches:
        assert batch["image"].shape == (8, 32, 32, 3)
        assert (batch["image"].dtype, batch["label"].dtype) == ("uint8", "int32")
    assert len({image.tobytes() for image in images(batches)}) == 32


def test_labels_stay_with_their_images(prepared):
    problem = small()
    labels = {}
    for batch in problem.batches(prepared, "train", batch_size=16).as_numpy_iterator():
        for image, label in zip(batch["image"], batch["label"], strict=True):
            labels[image.tobytes()] = label
    for batch in problem.train_batches(prepared, 0, batch_size=8, seed=1).as_numpy_iterator():
        assert [labels[image.tobytes()] for image in batch["image"]] == list(batch["label"])


def test_epochs_differ_and_repeat(prepared):
    def epoch(number, seed):
        return images(small().train_batches(prepared, number, batch_size=36, seed=seed))

    np.testing.assert_array_equal(epoch(1, seed=5), epoch(1, seed=5))
    assert not np.array_equal(epoch(1, seed=5), epoch(0, seed=5))
    assert not np.array_equal(epoch(1, seed=5), epoch(1, seed=6))


def test_skipping_goes_on_where_an_epoch_was_left(prepared):
    batches = small().train_batches(prepared, 0, batch_size=8, seed=1)
    np.testing.assert_array_equal(images(batches.skip(1)), images(batches)[8:])


def test_one_pass_over_a_split_has_every_image_and_no_padding(prepared):
    problem = small()
    batches = problem.batches(prepared, "test", batch_size=4)
    assert [len(batch["label"]) for batch in batches] == [4, 4, 2]
    assert batches.cardinality() == 3
    np.testing.assert_array_equal(
        images(batches), images(problem.batches(prepared, "test", batch_size=100))
    )
    assert sum(len(batch["label"]) for batch in problem.batches(prepared, batch_size=4)) == 4


@pytest.mark.parametrize(("size", "multiple", "rows"), [(10, 4, 8), (3, 4, 4), (9, 1, 9)])
def test_the_rows_of_a_batch_are_a_multiple(prepared, size, multiple, rows):
    batches = small().train_batches(prepared, 0, batch_size=size, seed=1, batch_multiple=multiple)
    assert {len(batch["label"]) for batch in batches} == {rows}


def test_a_batch_larger_than_the_training_images_is_refused(prepared):
    with pytest.raises(ValueError, match=r"36 train images, fewer than a batch of 37\. Choose"):
        small().train_batches(prepared, 0, batch_size=37, seed=1)


def test_images_that_were_prepared_again_are_read_again(tmp_path):
    problem = small()
    problem.generate_data(tmp_path)
    first = images(problem.batches(tmp_path, "test", batch_size=16))
    for path in tmp_path.iterdir():
        path.unlink()
    problem.num_test_images = 5
    problem.generate_data(tmp_path)
    np.testing.assert_array_equal(
        images(problem.batches(tmp_path, "test", batch_size=16)), first[:5]
    )
