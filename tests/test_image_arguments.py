import numpy as np
import pytest

from t2t_vq.image_arguments import checked, labels_to_draw


def test_classes_come_in_turn_unless_they_are_told():
    assert labels_to_draw(5, None, 2, 1.0).tolist() == [0, 1, 0, 1, 0]
    assert labels_to_draw(2, None, 0, 1.0).tolist() == [0, 0]
    found = labels_to_draw(3, [2, 0, 1], 3, 1.0)
    assert found.tolist() == [2, 0, 1] and found.dtype == np.int32


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, None, 2, 1.0), "num=-1 cannot be drawn with. Give a whole number from 0 on."),
        *[
            ((num, None, 2, 1.0), f"num={num!r} cannot be drawn with")
            for num in (2.0, "2", True, None)
        ],
        *[
            ((1, None, 2, temperature), f"temperature={temperature!r} cannot be drawn with")
            for temperature in ("1", True, None, float("inf"))
        ],
        ((2, [0.5, 1.0], 2, 1.0), "one class for each of 2 images"),
        ((2, ["0", "1"], 2, 1.0), "one class for each of 2 images"),
        ((2, 1, 2, 1.0), "one class for each of 2 images"),
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


def test_whole_numbers_of_any_type_are_codes():
    for codes in ([[[1]], [[2]]], np.array([[[1]], [[2]]], np.int64)):
        found = checked("codes", codes, (1, 1), "int32")
        assert found.dtype == np.int32 and found.tolist() == [[[1]], [[2]]]


@pytest.mark.parametrize("code", [2**32, 2**31, -(2**31) - 1])
def test_a_code_that_its_type_does_not_have_becomes_no_other(code):
    with pytest.raises(ValueError, match=rf"takes codes as int32, and these are from .*{code}"):
        checked("codes", np.array([[[0]], [[code]]]), (1, 1), "int32")


@pytest.mark.parametrize(
    ("array", "kind", "told"),
    [
        (
            np.zeros((2, 4, 4, 1)),
            "uint8",
            r"uint8 \[n, 4, 4, 1\], and these are float64 \[2, 4, 4, 1",
        ),
        (np.zeros((2, 4, 4, 1), np.int64), "uint8", "these are int64"),
        (np.zeros((4, 4, 1), np.uint8), "uint8", r"these are uint8 \[4, 4, 1\]"),
        (np.zeros((4, 4, 4), np.uint8), "uint8", r"these are uint8 \[4, 4, 4\]"),
        (np.zeros((2, 4, 4, 1)), "int32", "these are float64"),
        (np.zeros((2, 4, 4, 1), bool), "int32", "these are bool"),
        (None, "uint8", "these are object"),
        ([], "uint8", r"these are float64 \[0\]"),
        (b"png", "uint8", "these are bytes24"),
    ],
)
def test_what_is_of_another_shape_or_type_is_told(array, kind, told):
    with pytest.raises(ValueError, match=f"This model takes them as .*{told}"):
        checked("them", array, (4, 4, 1), kind)
