"""What a folder of networks holds besides them, whichever library runs them."""

import pathlib

from t2t_vq.formats.exported import FILE, VOCABULARY

_LIBRARIES = {"openvino": "openvino", "onnx": "onnxruntime"}
_USE = {
    "translation": """translator = runtime.load("FOLDER")
translator.translate(["The dog sleeps."])  # a list of strings""",
    "images": """codec = runtime.load("FOLDER")
codec.decode(codec.encode(images))  # uint8 [n, height, width, channels]""",
}
_README = """# {problem}, exported

A `{model}` of t2t_vq as networks that {library} runs in {precision}. It needs neither TensorFlow
nor Keras:

    pip install {packages}
    pip install --no-deps t2t-vq

```python
from t2t_vq import runtime

{use}
```
{command}
`{file}` says what it was made from, and which search it holds.
"""
_COMMAND = """
Or, after `pip install absl-py`:

    t2t-vq-decode --export_dir=FOLDER --inputs=FILE --outputs=FILE
"""


def write_description(folder, exported, vocabulary=None):
    """Writes what is said of networks, their vocabulary, and how to use them.

    Args:
        folder: that holds the networks.
        exported: the `t2t_vq.formats.exported.Exported` that describes them.
        vocabulary: bytes of a SentencePiece model, for translation.
    """
    folder = pathlib.Path(folder)
    exported.save(folder)
    packages = ["numpy", _LIBRARIES[exported.engine]]
    if vocabulary is not None:
        (folder / VOCABULARY).write_bytes(vocabulary)
        packages.append("sentencepiece")
    text = _README.format(
        problem=exported.provenance.get("problem", exported.task),
        model=exported.model,
        library=_LIBRARIES[exported.engine],
        precision=exported.precision,
        packages=" ".join(packages),
        use=_USE[exported.task],
        command=_COMMAND if exported.task == "translation" else "",
        file=FILE,
    )
    (folder / "README.md").write_text(text, encoding="utf-8")
