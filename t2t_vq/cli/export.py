"""Writes a trained model for serving, without this package.

    t2t-vq-export --output_dir=t2t_vq_runs/mine --export_dir=export/1
    t2t-vq-export --output_dir=t2t_vq_runs/teacher --export_dir=export/fast --format=ctranslate2

A SavedModel that translates, from strings to strings, needs TensorFlow and tensorflow_text; one of
images, to codes and back, TensorFlow alone. A model directory of CTranslate2, of the model
transformer alone, needs ctranslate2 and sentencepiece.
"""

from absl import flags as absl_flags

from t2t_vq import run as runs
from t2t_vq.cli import flags, trained

FLAGS = absl_flags.FLAGS


def _define():
    trained.define()
    absl_flags.DEFINE_string("export_dir", None, "Folder to write; new or empty.")
    absl_flags.DEFINE_enum(
        "format", "saved_model", ["saved_model", "ctranslate2"], "What to write."
    )


def main():
    """Exports as the flags say."""
    if runs.load(FLAGS.output_dir).hparams.task == "images":
        _export_images()
    else:
        _export_translator()


def _export_images():
    trained.refuse_search()
    if FLAGS.format == "ctranslate2":
        raise ValueError(
            f"--format=ctranslate2 is for translation, and the run in {FLAGS.output_dir} is one of "
            "images. Leave it out."
        )

    from t2t_vq.export.image_saved_model import export_image_saved_model
    from t2t_vq.training.loading import load_image_codec

    codec = load_image_codec(FLAGS.output_dir, FLAGS.checkpoint)[2]
    names = export_image_saved_model(codec.model, FLAGS.export_dir)
    print(f"Wrote {FLAGS.export_dir}, with the signatures {', '.join(names)}.")


def _export_translator():
    translator = trained.load()[2]

    if FLAGS.format == "ctranslate2":
        from t2t_vq.export.ctranslate2 import export_ctranslate2

        export_ctranslate2(translator, FLAGS.export_dir)
        print(f"Wrote {FLAGS.export_dir}; ctranslate2.Translator takes and gives its pieces.")
        return

    from t2t_vq.export.saved_model import export_saved_model

    export_saved_model(translator, FLAGS.export_dir)
    print(f"Wrote {FLAGS.export_dir}; its serving_default takes and gives a batch of strings.")


def run():
    """Entry point of `t2t-vq-export`."""
    flags.run(main, __doc__, (), define=_define, required=("output_dir", "export_dir"))
