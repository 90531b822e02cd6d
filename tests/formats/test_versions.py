import pytest

from t2t_vq.formats import versions


def test_what_notes_no_format_is_of_the_first_version():
    assert versions.check("x.json", {}, 3) == 0


@pytest.mark.parametrize("found", [0, 1, 3])
def test_formats_up_to_its_own_are_read(found):
    assert versions.check("x.json", {"format": found}, 3) == found


def test_a_newer_format_is_refused_with_what_to_do():
    with pytest.raises(versions.NewerFormatError) as caught:
        versions.check("x.json", {"format": 4}, 3, "write it again")
    assert str(caught.value) == (
        "x.json is of format 4, and this version of t2t_vq reads formats up to 3. Install a newer "
        "t2t_vq, or write it again."
    )


@pytest.mark.parametrize("found", [True, None, "1", 1.0, -1])
def test_what_is_no_format_is_refused(found):
    with pytest.raises(ValueError, match="format is not a whole number from 0"):
        versions.check("x.json", {"format": found}, 3)
