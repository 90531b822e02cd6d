"""The directive `command`: what a command's `--help` says, so that it is as it is today."""

import re
import subprocess
import sys

from docutils import nodes
from sphinx.util.docutils import SphinxDirective


def setup(app):
    """Adds the directive."""
    app.add_directive("command", _Command)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class _Command(SphinxDirective):
    """The help of a command: `{command} train`."""

    required_arguments = 1

    def run(self):
        name = self.arguments[0]
        text = help_of(name)
        block = nodes.literal_block(text, text, language="text")
        return [block]


def help_of(name):
    """Returns the text that `t2t-vq-NAME --help` prints."""
    code = (
        f"import sys; sys.argv = ['t2t-vq-{name}', '--help']; "
        f"from t2t_vq.cli.{name} import run; run()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    text = result.stdout.strip()
    if not text:
        raise RuntimeError(f"t2t-vq-{name} --help printed nothing: {result.stderr}")
    # Where the script lies is of no use to a reader.
    text = re.sub(r"\nflags:\n", "\n", text).partition("Try --helpfull")[0].strip()
    return re.sub(r"\n{3,}", "\n\n", text)
