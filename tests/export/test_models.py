import pytest

from t2t_vq.export.models import check_format


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("x",), "There is no format 'x'"),
        (("saved_model", "int8"), "A precision is for the formats openvino and onnx"),
        (("onnx", "bfloat16"), "The format onnx has no networks in bfloat16"),
        (("ctranslate2", "float32", "images"), "The format ctranslate2 is for translation"),
        (("openvino", "int8", "images"), "int8 is for translation"),
        (("onnx", "float32", "translation", 0.3), "max_bleu_loss is for precision=int8"),
    ],
)
def test_what_cannot_be_written_is_told(arguments, told):
    with pytest.raises(ValueError, match=told):
        check_format(*arguments)


@pytest.mark.parametrize("task", ["translation", "images"])
@pytest.mark.parametrize("choice", [("saved_model",), ("openvino", "bfloat16"), ("onnx",)])
def test_what_can_be_written_is_taken(choice, task):
    check_format(choice[0], (*choice, "float32")[1], task)
