import pickle

import pytest

import t2t_vq
from t2t_vq import errors
from t2t_vq.registry import UnknownNameError


@pytest.mark.parametrize(
    ("kind", "of_python"),
    [
        (errors.InvalidError, ValueError),
        (errors.MissingError, FileNotFoundError),
        (errors.WrongTypeError, TypeError),
        (UnknownNameError, KeyError),
    ],
)
def test_each_is_an_error_of_the_users_and_one_of_pythons(kind, of_python):
    with pytest.raises(t2t_vq.UserError) as caught:
        raise kind("Give more.")
    assert isinstance(caught.value, of_python) and str(caught.value) == "Give more."


def test_a_mistake_comes_whole_from_another_process():
    found = pickle.loads(pickle.dumps(errors.MissingError("Give more.")))
    assert type(found) is errors.MissingError and str(found) == "Give more."


def test_what_is_wrong_with_a_name_or_a_folder_is_the_users_mistake(tmp_path):
    with pytest.raises(t2t_vq.UserError, match="No problem is called 'translate_x'"):
        t2t_vq.train("translate_x", "transformer_tiny")
    with pytest.raises(t2t_vq.UserError, match="has no hyper-parameter 'hidden'"):
        t2t_vq.train("translate_ende", "transformer_tiny,hidden=1")
    with pytest.raises(t2t_vq.UserError, match="holds neither a run nor an export"):
        t2t_vq.load(tmp_path)
