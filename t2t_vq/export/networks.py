"""A model as a folder of networks, which run without TensorFlow."""

from __future__ import annotations

import dataclasses
import importlib
import pathlib
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from t2t_vq.export.folder import filling
from t2t_vq.export.image_networks import image_details, image_networks
from t2t_vq.export.network_folder import write_description
from t2t_vq.export.quantization_loss import measured_loss, split_text
from t2t_vq.export.translation_networks import translation_details, translation_networks
from t2t_vq.formats.exported import MAX_BLEU_LOSS, Exported, check_precision
from t2t_vq.models.vq_autoencoder import VqAutoencoder
from t2t_vq.paths import StrPath

if TYPE_CHECKING:
    from t2t_vq.translator import Translator

# What writes the networks of each library.
_FORMATS = {
    "openvino": "t2t_vq.export.openvino_format",
    "onnx": "t2t_vq.export.onnx_format",
}


def export_networks(
    source: Translator | VqAutoencoder,
    export_dir: StrPath,
    engine: str = "openvino",
    precision: str = "float32",
    provenance: dict[str, Any] | None = None,
    text: tuple[Sequence[str], Sequence[str]] | None = None,
    max_bleu_loss: float = MAX_BLEU_LOSS,
    language: str = "",
) -> None:
    """Writes a folder that `t2t_vq.runtime` loads, without TensorFlow.

    In int8, weights and activations are of 8 bits. OpenVINO finds the ranges of activations on a
    tenth of `text`, ONNX Runtime anew at each call. The rest of the text is translated in float32
    and in int8, and both scores are written into the folder.

    Args:
        source: a `t2t_vq.translator.Translator`, whose search the folder holds; or a
            `t2t_vq.models.vq_autoencoder.VqAutoencoder`.
        export_dir: a folder that is not there yet, or empty.
        engine: "openvino" or "onnx", what runs the networks.
        precision: "float32", "bfloat16" (OpenVINO alone) or "int8" (translation alone), in which
            they multiply.
        provenance: dict, JSON can hold it, of what the model was made from.
        text: `(sources, references)`, two lists of strings, for int8.
        max_bleu_loss: BLEU that int8 may lose against float32. Default 0.3.
        language: code of the references' language, if it is known; see `t2t_vq.metrics.bleu.bleu`.

    Raises:
        OSError: when `export_dir` holds files, or cannot be written.
        ValueError: when the model cannot be exported so, int8 loses more, or a library is not
            installed.

    Example:
        >>> export_networks(t2t_vq.load("runs/mine").translator, "export/openvino")
        >>> # In another process:
        >>> from t2t_vq import runtime
        >>> translations = runtime.load("export/openvino").translate(["The dog sleeps."])
    """
    task = "images" if isinstance(source, VqAutoencoder) else "translation"
    check_precision(engine, precision, task)
    library = importlib.import_module(_FORMATS[engine])
    exported, networks, vocabulary = _describe(source, task, engine, provenance or {})
    with filling(export_dir) as filled:
        folder = pathlib.Path(filled)
        graphs = {network.name: library.graph_of(network) for network in networks}
        if precision != "int8":
            _write(library, folder, graphs, exported, precision, vocabulary)
            return
        lines, scored = split_text(text)
        with tempfile.TemporaryDirectory() as temporary:
            reference = pathlib.Path(temporary)
            _write(library, reference, graphs, exported, "float32", vocabulary)
            graphs = library.quantized(graphs, reference, lines)
            exported = _write(library, folder, graphs, exported, "int8", vocabulary)
            loss = measured_loss(reference, folder, scored, max_bleu_loss, language)
        provenance = {**exported.provenance, "quantization": loss}
        write_description(folder, dataclasses.replace(exported, provenance=provenance), vocabulary)


def _describe(source, task, engine, provenance):
    """Returns an `Exported` in float32, the networks and the vocabulary."""
    if task == "images":
        model, vocabulary = source, None
        networks, details = image_networks(model), image_details(model)
    else:
        model, vocabulary = source.model, source.tokenizer.model_bytes
        networks, details = translation_networks(source), translation_details(source)
    exported = Exported(
        engine=engine,
        precision="float32",
        task=task,
        model=model.registered_name,
        networks=tuple(network.name for network in networks),
        details=details,
        provenance=provenance,
        files={},
    )
    return exported, networks, vocabulary


def _write(library, folder, graphs, exported, precision, vocabulary):
    """Writes networks and what is said of them; returns the latter."""
    for name, graph in graphs.items():
        library.save(graph, folder / name, precision)
    exported = dataclasses.replace(exported, precision=precision)
    write_description(folder, exported, vocabulary)
    return exported
