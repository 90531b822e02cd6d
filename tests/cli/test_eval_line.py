"""What t2t-vq-eval prints: a table, and a line of JSON."""

import json

from t2t_vq.cli.eval import json_line, table
from t2t_vq.run import Run


def test_a_line_says_what_was_scored_and_holds_no_number_that_json_does_not():
    run = Run.create("image_synthetic", "vq_image_tiny,bottleneck.num_codes=8", data_dir="", seed=3)
    scores = {"bits_per_dim": float("inf"), "psnr": float("nan"), "images": 5}
    assert json.loads(json_line(run, "run/best/ckpt-600", "dev", scores)) == {
        **{"problem": "image_synthetic", "hparams": "vq_image_tiny"},
        **{"overrides": "bottleneck.num_codes=8", "seed": 3, "precision": "float32"},
        **{"split": "dev", "checkpoint": "run/best/ckpt-600", "updates": 600},
        **{"bits_per_dim": None, "psnr": None, "images": 5},
    }


def test_a_checkpoint_by_another_name_has_no_number_of_updates():
    run = Run.create("image_synthetic", "vq_image_tiny", data_dir="")
    assert json.loads(json_line(run, "a-copy", "dev", {}))["updates"] is None


def test_a_table_has_its_decimal_points_below_each_other():
    scores = {"images": 10_000, "bits_of_one": 4.72, "psnr": float("inf"), "codes": 250.0}
    assert table(scores).splitlines() == [
        "images         10,000",
        "bits_of_one         4.7200",
        "psnr                   inf",
        "codes             250.0000",
    ]
