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
from typing import Any

from absl import flags as absl_flags

from t2t_vq import run as runs
from t2t_vq.cli import flags, trained
from t2t_vq.export.folder import check_free
from t2t_vq.export.models import FORMATS, check_format
from t2t_vq.formats.exported import MAX_BLEU_LOSS, PRECISIONS

FLAGS = absl_flags.FLAGS
# What comes of an export, by format.
_TRANSLATION = {
    "saved_model": "its serving_default takes and gives a batch of strings, and its warm_up "
    "compiles all shapes beforehand",
    "ctranslate2": "ctranslate2.Translator takes and gives its pieces",
}
_NETWORKS = (
    "t2t-vq-decode --export_dir={} translates with it, and its README.md tells how Python does"
)
_IMAGES = "its README.md tells how Python encodes and decodes"


def _define():
    trained.define()
    absl_flags.DEFINE_string("export_dir", None, "Folder to write; new or empty.")
    absl_flags.DEFINE_enum("format", "saved_model", FORMATS, "What to write.")
    absl_flags.DEFINE_enum(
        "precision",
        "float32",
        PRECISIONS["openvino"],
        "In which networks multiply. bfloat16, of openvino alone, and int8 are faster where the "
        "processor has them; int8 is calibrated and scored on the validation text.",
    )
    absl_flags.DEFINE_float(
        "max_bleu_loss",
        None,
        f"BLEU that int8 may lose on the validation text; by default {MAX_BLEU_LOSS}.",
        0.0,
    )


def main() -> None:
    """Exports as the flags say."""
    check_free(FLAGS.export_dir)
    task: Any = runs.load(FLAGS.output_dir).hparams.task
    # Told before the seconds that loading takes.
    check_format(FLAGS.format, FLAGS.precision, task, FLAGS.max_bleu_loss)
    model = trained.load()
    if task == "images":
        names = model.export(FLAGS.export_dir, FLAGS.format, FLAGS.precision)
        how = f"with the signatures {', '.join(names)}" if names else _IMAGES
        print(f"Wrote {FLAGS.export_dir}{',' if names else ';'} {how}.")
        return
    model.export(FLAGS.export_dir, FLAGS.format, FLAGS.precision, FLAGS.max_bleu_loss)
    told = _TRANSLATION.get(FLAGS.format, _NETWORKS.format(shlex.quote(FLAGS.export_dir)))
    print(f"Wrote {FLAGS.export_dir}; {told}.")


def run() -> None:
    """Entry point of `t2t-vq-export`."""
    flags.run(main, __doc__, (), define=_define, required=("output_dir", "export_dir"))
