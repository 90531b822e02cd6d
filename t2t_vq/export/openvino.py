"""A model as a folder of networks that OpenVINO runs."""

from t2t_vq.export.network_folder import write_networks
from t2t_vq.export.translation_networks import translation_details, translation_networks
from t2t_vq.formats.exported import Exported


def export_openvino(translator, export_dir, precision="float32", provenance=None):
    """Writes a folder that `t2t_vq.runtime` translates with, without TensorFlow.

    Args:
        translator: a `t2t_vq.translator.Translator`, whose search the folder holds.
        export_dir: a folder that is not there yet, or empty.
        precision: "float32" or "bfloat16", in which the networks multiply.
        provenance: dict, JSON can hold it, of what the model was made from.

    Raises:
        FileExistsError: when `export_dir` holds files.
        ValueError: when the model cannot be exported so, or openvino is not installed.

    Example:
        export_openvino(translator, "export/fast")
        # In another process:
        from t2t_vq import runtime
        runtime.load("export/fast").translate(["The dog sleeps."])
    """
    import openvino

    from t2t_vq.export.openvino_passes import graph_of

    networks = translation_networks(translator)
    exported = Exported(
        engine="openvino",
        precision=precision,
        task="translation",
        model=translator.model.registered_name,
        networks=[network.name for network in networks],
        details=translation_details(translator),
        provenance=provenance or {},
    )

    def write(network, path):
        openvino.save_model(
            graph_of(network), f"{path}.xml", compress_to_fp16=precision == "bfloat16"
        )

    vocabulary = translator.tokenizer.model_bytes
    write_networks(export_dir, exported, networks, write, vocabulary)
