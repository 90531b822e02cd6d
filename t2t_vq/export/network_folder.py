"""What a folder of networks holds besides them, whichever library runs them."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import TYPE_CHECKING

from t2t_vq.formats.exported import FILE, VOCABULARY, digests
from t2t_vq.paths import StrPath

if TYPE_CHECKING:
    from t2t_vq.formats.exported import Exported

_README_FILE = "README.md"

_LIBRARIES = {"openvino": "openvino", "onnx": "onnxruntime"}
_USE = {
    "translation": """translator = runtime.load("FOLDER")
translator.translate(lines)  # a list of strings, one for each of `lines`""",
    "images": """codec = runtime.load("FOLDER")
codec.decode(codec.encode(images))  # uint8 [n, height, width, channels]
codec.sample(10)  # drawn images, where there is a prior""",
}
_README = """# {problem}, exported

A `{model}` of t2t_vq as networks that {library} runs in {precision}. It needs neither TensorFlow
nor Keras:

    pip install {packages}
    pip install --no-deps FILE.whl    # that `pip wheel --no-deps .` makes in a checkout of t2t_vq

```python
from t2t_vq import runtime

{use}
```
{command}
`{file}` says what it was made from{search}.
"""
_COMMAND = """
Or, after `pip install absl-py`:

    t2t-vq-decode --export_dir=FOLDER --inputs=FILE --outputs=FILE
"""


def write_description(folder: StrPath, exported: Exported, vocabulary: bytes | None = None) -> None:
    """Writes what is said of a folder's files, the vocabulary, and how to use them.

    Args:
        folder: that holds the networks.
        exported: the `t2t_vq.formats.exported.Exported` that describes them.
        vocabulary: bytes of a SentencePiece model, for translation.
    """
    folder = pathlib.Path(folder)
    packages = ["numpy", _LIBRARIES[exported.engine]]
    if vocabulary is not None:
        (folder / VOCABULARY).write_bytes(vocabulary)
        packages.append("sentencepiece")
    for name in (FILE, _README_FILE):
        (folder / name).unlink(missing_ok=True)
    dataclasses.replace(exported, files=digests(folder)).save(folder)
    text = _README.format(
        problem=exported.provenance.get("problem", exported.task),
        model=exported.model,
        library=_LIBRARIES[exported.engine],
        precision=exported.precision,
        packages=" ".join(packages),
        use=_USE[exported.task],
        command=_COMMAND if exported.task == "translation" else "",
        search=", and which search it holds" if exported.task == "translation" else "",
        file=FILE,
    )
    (folder / _README_FILE).write_text(text, encoding="utf-8")
