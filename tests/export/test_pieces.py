import pytest


@pytest.mark.parametrize(
    ("number", "sizes"),
    [
        *[(0, []), (1, [1]), (2, [4]), (5, [4, 1]), (8, [4, 4]), (9, [16]), (33, [16, 16, 1])],
        *[(48, [16, 16, 16]), (49, [64]), (65, [64, 1]), (150, [64, 64, 16, 4, 4])],
    ],
)
def test_rows_are_worked_on_in_pieces_of_few_sizes(tf, number, sizes):
    from t2t_vq.export.pieces import SIZES, filled_up, in_pieces

    numbers, found = tf.range(200) * 10, []

    def doubled(here, size):
        rows = filled_up(tf.gather(numbers, here), size)
        found.append(int(size))
        assert rows.shape == (size,)
        return {"double": 2 * rows}

    rows = tf.range(200)[200 - number :]
    results = in_pieces(doubled, rows, SIZES, {"double": numbers})["double"]
    assert results.numpy().tolist() == [10 * i if i < 200 - number else 20 * i for i in range(200)]
    assert found == sizes


@pytest.mark.parametrize("sizes", [[1], [1, 2], [1, 8]])
def test_few_sizes_will_do(tf, sizes):
    from t2t_vq.export.pieces import filled_up, in_pieces

    def negative(here, size):
        return -filled_up(here, size)

    found = in_pieces(negative, tf.range(1, 12), sizes, tf.zeros(12, tf.int32))
    assert found.numpy().tolist() == [-i for i in range(12)]
