import json

from t2t_vq.evaluation.report import as_json, as_table


def test_a_line_holds_no_number_that_json_does_not():
    values = {"bits_per_dim": float("inf"), "psnr": float("nan"), "images": 5, "split": "dev"}
    expected = {"bits_per_dim": None, "psnr": None, "images": 5, "split": "dev"}
    assert json.loads(as_json(values)) == expected


def test_a_table_has_its_decimal_points_below_each_other():
    scores = {"images": 10_000, "bits_of_one": 4.72, "psnr": float("inf"), "codes": 250.0}
    assert as_table(scores).splitlines() == [
        "images         10,000",
        "bits_of_one         4.7200",
        "psnr                   inf",
        "codes             250.0000",
    ]
