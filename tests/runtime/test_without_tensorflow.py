"""The runtime is for machines that have neither TensorFlow nor Keras."""

import json
import subprocess
import sys

from t2t_vq import runtime
from t2t_vq.data import synthetic_ende
from t2t_vq.decoding.options import Search

LINES = [*(english for english, _ in synthetic_ende.pairs("test", 0, 6)), "", "dog 🐕‍🦺"]
# A process in which these cannot be imported, whatever is installed.
TRANSLATE = """
import json, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "keras"):
            raise ImportError(f"{name} is blocked.")

sys.meta_path.insert(0, Blocked())
for name in ("tensorflow", "keras"):
    try:
        __import__(name)
    except ImportError:
        continue
    sys.exit(f"{name} is not blocked.")

from t2t_vq import runtime

lines = runtime.load(sys.argv[1]).translate(json.load(open(sys.argv[2])))
assert not {"tensorflow", "keras"} & {name.split(".")[0] for name in sys.modules}
print(json.dumps(lines))
"""


def test_it_translates_where_neither_can_be_imported(models, tokenizer, eager, export, tmp_path):
    search = Search(num_samples=2, refinements=1)
    folder = export(eager(models["causal"], tokenizer, 16, search, rescorer=models[None]))
    (tmp_path / "lines.json").write_text(json.dumps(LINES))
    result = subprocess.run(
        [sys.executable, "-c", TRANSLATE, str(folder), str(tmp_path / "lines.json")],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == runtime.load(folder).translate(LINES)
