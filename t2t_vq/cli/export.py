"""Writes a trained model as a SavedModel from strings to strings.

    t2t-vq-export --output_dir=t2t_vq_runs/mine --export_dir=export/1

Serving needs TensorFlow and tensorflow_text, not this package.
"""

from absl import flags as absl_flags

from t2t_vq.cli import flags, trained

FLAGS = absl_flags.FLAGS


def _define():
    trained.define()
    absl_flags.DEFINE_string("export_dir", None, "Folder to write; new or empty.")


def main():
    """Exports as the flags say."""
    translator = trained.load()[2]

    from t2t_vq.export.saved_model import export_saved_model

    export_saved_model(translator, FLAGS.export_dir)
    print(f"Wrote {FLAGS.export_dir}; its serving_default takes and gives a batch of strings.")


def run():
    """Entry point of `t2t-vq-export`."""
    flags.run(main, __doc__, (), define=_define, required=("output_dir", "export_dir"))
