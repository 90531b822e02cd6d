import pytest

from t2t_vq.export.models import check_format, export_translator


def test_a_loss_that_may_be_is_for_the_precision_that_loses(tmp_path):
    for format, precision in (("saved_model", "float32"), ("openvino", "bfloat16")):
        with pytest.raises(ValueError, match="max_bleu_loss is for precision=int8"):
            export_translator(None, tmp_path, format, precision, max_bleu_loss=0.3)
    check_format("openvino", "int8", 0.3)
