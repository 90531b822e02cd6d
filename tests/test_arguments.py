import numpy as np
import pytest

from t2t_vq.arguments import check_codes, check_whole


def test_codes_of_another_codebook_are_told():
    check_codes(np.array([[0, 7]]), 8)
    check_codes(np.zeros((0, 2), np.int32), 8)
    for code in (-1, 8):
        with pytest.raises(ValueError, match="Codes are from 0 to 7, and these from"):
            check_codes(np.array([[code, 3]]), 8)


def test_a_number_to_draw_with_is_whole():
    check_whole("seed", np.int64(0), 0)
    for seed in (-1, 0.5, None, "1", True):
        with pytest.raises(ValueError, match=f"seed={seed!r} cannot be drawn with"):
            check_whole("seed", seed, 0)
