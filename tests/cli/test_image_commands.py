"""The commands on a model of images: train, eval, sample and export."""

import json
import pathlib
import types

import numpy as np
import pytest
from PIL import Image

USR_DIR = pathlib.Path(__file__).parent.parent / "usr_dir"


@pytest.fixture(scope="module")
def images(command, tmp_path_factory):
    """A finished run on the tiny image problem."""
    folder = tmp_path_factory.mktemp("images")
    flags = ["--problem=image_tiny", "--hparams=softem_image_test", f"--data_dir={folder / 'data'}"]
    output_dir = folder / "run"
    result = command("train", f"--usr_dir={USR_DIR}", *flags, f"--output_dir={output_dir}")
    assert result.returncode == 0, result.stderr
    return types.SimpleNamespace(output_dir=output_dir, result=result)


def test_training_tells_images_a_second_and_bits(images):
    assert "images/s" in images.result.stderr
    last = images.result.stdout.splitlines()[-1]
    assert last.startswith("Best validation bits per dimension ")
    assert last.endswith(f"Next: t2t-vq-eval --output_dir={images.output_dir}")


def test_eval_tells_every_bound_and_its_parts(command, images):
    result = command("eval", f"--output_dir={images.output_dir}", "--split=dev")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout.splitlines()[-1])
    assert (found["problem"], found["split"], found["images"]) == ("image_tiny", "dev", 3)
    for ending in ("", "_of_one_sample", "_of_samples"):
        parts = found[f"reconstruction_bits{ending}"] + found[f"prior_bits{ending}"]
        assert found[f"bits_per_dim{ending}"] == pytest.approx(parts)
    # The same images gave the validation's score, which the run ended with.
    assert f"dimension {found['bits_per_dim']:.2f}." in images.result.stdout
    assert 1 <= found["codebook_perplexity"] <= 8 and 0 < found["codes_in_use"] <= 1
    assert found["psnr"] > 0 and -1 <= found["ssim"] <= 1


def test_bits_of_any_posterior_meet_those_of_the_most_probable_code(
    load_script, images, monkeypatch, capsys
):
    script = load_script("posterior_bits")
    argv = ["posterior_bits.py", str(images.output_dir), "--temperatures", "none", "1e-9", "1"]
    monkeypatch.setattr("sys.argv", argv)
    script.main()
    picked, sharp, soft = map(json.loads, capsys.readouterr().out.splitlines())
    assert picked["images"] == 3 and picked["temperature"] is None
    assert f"dimension {picked['bits_per_dim']:.2f}." in images.result.stdout
    # So cold a posterior leaves nothing open, and so gives nothing back.
    assert sharp["bits_per_dim"] == pytest.approx(picked["bits_per_dim"], abs=1e-4)
    assert soft["prior_bits"] < picked["prior_bits"]


@pytest.mark.parametrize("temperature", ["0", "-1", "nan", "cold"])
def test_bits_of_a_posterior_need_a_temperature(load_script, monkeypatch, capsys, temperature):
    monkeypatch.setattr("sys.argv", ["posterior_bits.py", "run", f"--temperatures={temperature}"])
    with pytest.raises(SystemExit):
        load_script("posterior_bits").main()
    assert temperature in capsys.readouterr().err


def test_sample_draws_a_grid_and_shows_reconstructions(command, images, tmp_path):
    run = [f"--output_dir={images.output_dir}", "--num=5"]
    result = command("sample", *run, f"--grid={tmp_path / 'grid.png'}")
    assert result.returncode == 0, result.stderr
    drawn = Image.open(tmp_path / "grid.png")
    # Three and two images; five images in pairs, two pairs a row.
    assert drawn.size == (3 * 32, 2 * 32) and drawn.mode == "RGB"
    beside = np.asarray(Image.open(tmp_path / "grid-reconstructions.png"))
    assert beside.shape == (3 * 32, 2 * 64, 3)
    assert (beside[64:, 64:] == 255).all()
    data = np.load(images.output_dir.parent / "data" / "image_tiny-test-images.npy")
    np.testing.assert_array_equal(beside[32:64, :32], data[2])


def test_export_writes_codes_and_the_way_back(tf, command, images, tmp_path):
    flags = [f"--output_dir={images.output_dir}", f"--export_dir={tmp_path / 'model'}"]
    result = command("export", *flags)
    assert result.returncode == 0, result.stderr
    signatures = tf.saved_model.load(tmp_path / "model").signatures
    data = np.load(images.output_dir.parent / "data" / "image_tiny-test-images.npy")
    found = signatures["serving_default"](image=tf.constant(data))
    assert found["codes"].shape == (10, 16, 2)
    decoded = signatures["decode"](codes=found["codes"])["image"]
    np.testing.assert_array_equal(decoded, found["reconstruction"])
    seeds = [tf.constant(seed, tf.int64) for seed in (1, 1, 2)]
    first, again, other = (signatures["sample"](seed=seed)["image"].numpy() for seed in seeds)
    assert first.shape == (16, 32, 32, 3)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_what_is_for_translation_is_refused_in_one_sentence(command, images, tmp_path):
    run = f"--output_dir={images.output_dir}"
    for name, flags, message in (
        ("decode", [run], "is one of images (image_tiny), and one of translation is needed."),
        ("distill", [f"--teacher_dir={images.output_dir}"], "and one of translation is needed."),
        ("eval", [run, "--beam_size=2"], "--beam_size is for translation"),
        ("export", [run, "--export_dir=x", "--format=ctranslate2"], "is for translation"),
        (
            "export",
            [run, "--export_dir=x", "--format=onnx", "--precision=int8", "--checkpoint=none"],
            "int8 is for translation",
        ),
        ("sample", [run, "--label=star"], "draws without classes. Leave --label out"),
        ("sample", [run, f"--grid={tmp_path}/none/grid.png"], "is no place for an image"),
        ("sample", [run, "--grid=grid.jpg"], "ends in .png"),
    ):
        result = command(name, *flags)
        assert result.returncode == 1, (name, flags)
        assert message in result.stderr.splitlines()[-1]
        assert "Traceback" not in result.stderr


def test_a_set_for_another_task_is_refused(command):
    for problem, hparams in (
        ("image_synthetic", "softem_nat_tiny"),
        ("translate_ende_synthetic", "vq_image_tiny"),
    ):
        result = command("train", f"--problem={problem}", f"--hparams={hparams}")
        assert result.returncode == 1
        assert result.stderr.startswith(f"The problem {problem} is one of ")
        assert result.stderr.count("\n") == 1
