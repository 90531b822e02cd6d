import numpy as np
import pytest

from t2t_vq.layers.positions import shift_right, sinusoids, sinusoids_2d


def oracle(positions, dim):
    table = np.zeros((len(positions), dim))
    for row, position in enumerate(positions):
        for i in range(dim // 2):
            angle = position / 10_000 ** (i / (dim // 2))
            table[row, i], table[row, dim // 2 + i] = np.sin(angle), np.cos(angle)
    return table


@pytest.mark.parametrize("positions", [[0, 1, 2, 3], [250], [7, 7, 0]])
def test_sinusoids_equal_their_definition(positions):
    encodings = sinusoids(np.array(positions), 6)
    np.testing.assert_allclose(encodings, oracle(positions, 6), atol=2e-5)


def test_the_first_position_is_zeros_then_ones():
    np.testing.assert_allclose(sinusoids(np.array([0]), 4), [[0, 0, 1, 1]])


def test_shift_right_by_hand():
    x = np.array([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]], "float32")
    expected = [[[0], [1], [2]], [[0], [4], [5]]]
    np.testing.assert_array_equal(shift_right(x), expected)


def test_positions_of_a_grid_are_those_of_row_and_column():
    encodings = sinusoids_2d(3, 5, 8)
    assert tuple(encodings.shape) == (15, 8)
    rows, columns = np.divmod(np.arange(15), 5)
    expected = np.concatenate([oracle(rows, 4), oracle(columns, 4)], axis=-1)
    np.testing.assert_allclose(encodings, expected, atol=2e-5)


def test_a_width_that_rows_and_columns_cannot_share_is_an_error():
    with pytest.raises(ValueError, match="cannot be 6 wide"):
        sinusoids_2d(2, 2, 6)
