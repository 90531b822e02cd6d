import numpy as np
import pytest

from t2t_vq.image_arguments import check_codes, labels_to_draw


def test_classes_come_in_turn_unless_they_are_told():
    assert labels_to_draw(5, None, 2, 1.0).tolist() == [0, 1, 0, 1, 0]
    assert labels_to_draw(2, None, 0, 1.0).tolist() == [0, 0]
    found = labels_to_draw(3, [2, 0, 1], 3, 1.0)
    assert found.tolist() == [2, 0, 1] and found.dtype == np.int32


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, None, 2, 1.0), "num=-1 is no number of images"),
        ((1, None, 2, 0.0), "temperature=0.0 cannot be drawn with"),
        ((1, None, 2, float("nan")), "temperature=nan cannot be drawn with"),
        ((1, [0], 0, 1.0), "is told no classes. Leave labels out"),
        ((2, [0], 2, 1.0), "one class for each of 2 images"),
        ((1, [2], 2, 1.0), "from 0 to 1, and these are"),
        ((1, [-1], 2, 1.0), "from 0 to 1, and these are"),
    ],
)
def test_what_cannot_be_drawn_is_told(arguments, message):
    with pytest.raises(ValueError, match=message):
        labels_to_draw(*arguments)


def test_codes_of_another_codebook_are_told():
    check_codes(np.array([[0, 7]]), 8)
    check_codes(np.zeros((0, 2), np.int32), 8)
    for code in (-1, 8):
        with pytest.raises(ValueError, match="Codes are from 0 to 7, and these from"):
            check_codes(np.array([[code, 3]]), 8)
