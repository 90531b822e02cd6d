"""Writes a trained model for serving, without this package.

    t2t-vq-export --output_dir=t2t_vq_runs/mine --export_dir=export/1
    t2t-vq-export --output_dir=t2t_vq_runs/mine --export_dir=export/fast --format=openvino \\
        --precision=bfloat16
    t2t-vq-export --output_dir=t2t_vq_runs/teacher --export_dir=export/other --format=ctranslate2

A SavedModel that translates, from strings to strings, needs TensorFlow and tensorflow_text; one of
images, to codes and back, TensorFlow alone. A folder of networks for OpenVINO, the fastest on a
processor, or for ONNX Runtime is what t2t_vq.runtime, t2t-vq-decode and t2t-vq-eval take instead of
a run, without TensorFlow. A model directory of CTranslate2, of the model transformer alone, needs
ctranslate2 and sentencepiece.
"""

import shlex

from absl import flags as absl_flags

from t2t_vq import run as runs
from t2t_vq.cli import flags, trained
from t2t_vq.export.folder import check_free
from t2t_vq.formats.exported import ENGINES, MAX_BLEU_LOSS, PRECISIONS, check_precision

FLAGS = absl_flags.FLAGS


def _define():
    trained.define()
    absl_flags.DEFINE_string("export_dir", None, "Folder to write; new or empty.")
    formats = ["saved_model", *ENGINES, "ctranslate2"]
    absl_flags.DEFINE_enum("format", "saved_model", formats, "What to write.")
    absl_flags.DEFINE_enum(
        "precision",
        "float32",
        PRECISIONS["openvino"],
        "In which networks multiply. bfloat16, of openvino alone, and int8 are faster where the "
        "processor has them; int8 is calibrated and scored on the validation text.",
    )
    absl_flags.DEFINE_float(
        "max_bleu_loss", MAX_BLEU_LOSS, "BLEU that int8 may lose on the validation text.", 0.0
    )


def main():
    """Exports as the flags say."""
    _check_flags()
    check_free(FLAGS.export_dir)
    if runs.load(FLAGS.output_dir).hparams.task == "images":
        _export_images()
    else:
        _export_translator()


def _check_flags():
    if FLAGS.format in ENGINES:
        check_precision(FLAGS.format, FLAGS.precision)
    elif FLAGS["precision"].present:
        raise ValueError(
            f"--precision is for --format={' and '.join(ENGINES)}; a {FLAGS.format} export is in "
            "float32. Leave it out, or choose another format."
        )
    if FLAGS["max_bleu_loss"].present and FLAGS.precision != "int8":
        raise ValueError("--max_bleu_loss is for --precision=int8, which loses some. Leave it out.")


def _export_images():
    trained.refuse_search()
    if FLAGS.format == "ctranslate2":
        raise ValueError(
            f"--format=ctranslate2 is for translation, and the run in {FLAGS.output_dir} is one of "
            "images. Leave it out."
        )

    from t2t_vq.training.loading import load_image_codec

    run, _, codec, path = load_image_codec(FLAGS.output_dir, FLAGS.checkpoint, FLAGS.data_dir)
    if FLAGS.format in ENGINES:
        _export_networks(codec.model, run, path)
        print(f"Wrote {FLAGS.export_dir}; its README.md tells how Python encodes and decodes.")
        return

    from t2t_vq.export.image_saved_model import export_image_saved_model

    names = export_image_saved_model(codec.model, FLAGS.export_dir)
    print(f"Wrote {FLAGS.export_dir}, with the signatures {', '.join(names)}.")


def _export_translator():
    run, problem, translator, path = trained.load()
    if FLAGS.format in ENGINES:
        text = problem.text(run.data_dir, "dev") if FLAGS.precision == "int8" else None
        _export_networks(translator, run, path, text)
        print(
            f"Wrote {FLAGS.export_dir}; t2t-vq-decode --export_dir={shlex.quote(FLAGS.export_dir)} "
            "translates with it, and its README.md tells how Python does."
        )
        return

    if FLAGS.format == "ctranslate2":
        from t2t_vq.export.ctranslate2 import export_ctranslate2

        export_ctranslate2(translator, FLAGS.export_dir)
        print(f"Wrote {FLAGS.export_dir}; ctranslate2.Translator takes and gives its pieces.")
        return

    from t2t_vq.export.saved_model import export_saved_model

    export_saved_model(translator, FLAGS.export_dir)
    print(
        f"Wrote {FLAGS.export_dir}; its serving_default takes and gives a batch of strings, and "
        "its warm_up compiles all shapes beforehand."
    )


def _export_networks(source, run, path, text=None):
    from t2t_vq.export.networks import export_networks
    from t2t_vq.training.checkpoints import step_of
    from t2t_vq.training.validations import best_score

    provenance = {
        **run.describe(),
        "checkpoint": FLAGS.checkpoint,
        "updates": step_of(path),
        "best_validation_score": best_score(FLAGS.output_dir),
    }
    export_networks(
        source,
        FLAGS.export_dir,
        FLAGS.format,
        FLAGS.precision,
        provenance,
        text,
        FLAGS.max_bleu_loss,
    )


def run():
    """Entry point of `t2t-vq-export`."""
    flags.run(main, __doc__, (), define=_define, required=("output_dir", "export_dir"))
