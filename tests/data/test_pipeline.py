import numpy as np

from t2t_vq.data import pipeline


def test_elements_come_in_order_and_are_counted(tf):
    dataset = pipeline.numbered(lambda i: {"square": i * i}, 5)
    assert int(dataset.cardinality()) == 5
    assert [int(element["square"]) for element in dataset] == [0, 1, 4, 9, 16]


def test_what_goes_on_in_the_middle_has_no_thread_that_tunes_either(tf):
    dataset = pipeline.numbered(lambda i: i, 5).skip(2).take(2)
    np.testing.assert_array_equal(list(dataset.as_numpy_iterator()), [2, 3])
    assert dataset.options().autotune.enabled is False
