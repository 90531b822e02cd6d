"""The script behind the table of images, as far as it goes without training."""

import pytest

from t2t_vq import config, registry
from t2t_vq.bottlenecks import make_bottleneck


@pytest.fixture(scope="module")
def script(load_script):
    return load_script("reproduce_images")


@pytest.mark.parametrize("size", ["tiny", "small", "base"])
def test_rows_with_codes_spend_as_many_bits(script, size):
    own = registry.hparams(script.sized(script.MODEL, size))
    codes = own.bottleneck.num_codes**own.bottleneck.num_blocks
    for name, overrides in script.rows(size).items():
        hparams = config.override(own, overrides)
        bottleneck = make_bottleneck(config.to_dict(hparams.bottleneck))
        assert bottleneck.has_codes == (name != "vae")
        if bottleneck.has_codes:
            spent = bottleneck.num_codes**bottleneck.num_codebooks
            # The levels of 256 codes are 240.
            assert spent == codes or (name == "fsq" and spent == 240**4)


def test_rows_draw_as_many_codes_as_they_say(script):
    own = registry.hparams("softem_image_tiny")
    drawn = {}
    for name, overrides in script.rows("tiny").items():
        hparams = config.override(own, overrides)
        drawn[name] = make_bottleneck(config.to_dict(hparams.bottleneck)).num_samples
    soft = {"soft-m1": 1, "soft-m5": 5, "soft-m10": 10, "soft-m20": 20}
    soft |= {"soft-through": 1, "residual-soft": 1}
    assert {name: number for name, number in drawn.items() if number} == soft


def test_only_what_was_asked_for_alike_is_done(script, monkeypatch, tmp_path):
    trained = []
    monkeypatch.setattr(script, "train", lambda _, output_dir, *asked: trained.append(output_dir))
    scores = {"bits_per_dim": 5.0, "reconstruction_bits": 4.0, "prior_bits": 1.0}
    monkeypatch.setattr(script, "measured", lambda output_dir: scores)
    plain = ["--rows", "hard", "--size=tiny"]
    others = [
        *(["--rows", "fsq", "--size=tiny"], ["--rows", "hard", "--size=small"]),
        *(
            [*plain, "--seeds", "1"],
            [*plain, "--train_steps=5"],
            [*plain, "--overrides=dropout=0.1"],
        ),
        *([*plain, "--precision=mixed_bfloat16"], [*plain, "--problem=image_synthetic"]),
    ]
    for flags in (plain, *others, plain, *others):
        monkeypatch.setattr("sys.argv", ["reproduce_images", f"--work_dir={tmp_path}", *flags])
        script.main()
    assert len(trained) == len(set(trained)) == 1 + len(others)


def test_a_measurement_is_a_line_of_the_table(script):
    row = {
        **{"row": "soft-m1", "seed": 0, "updates": 5, "bits_per_dim": 5.6666},
        **{"reconstruction_bits": 5.0, "prior_bits": 0.6666, "codebook_perplexity": 15.4},
        **{"psnr": 21.234, "ssim": 0.71, "bits_per_dim_of_one_sample": 5.6543},
    }
    *_, line = script.table([row]).splitlines()
    assert line == "| soft-m1 | 0 | 5 | 5.667 | 5.000 | 0.667 | 5.654 |  | 15 | 21.23 | 0.710 |"
