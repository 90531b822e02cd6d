"""The snippets of the documentation: where they are, and which are not run."""

import pathlib
import re
from typing import NamedTuple

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts),
    ROOT / "CONTRIBUTING.md",
    ROOT / "README.md",
]
_FENCE = re.compile(
    r"(?:^<!-- not run: (?P<reason>.*?) -->\n)?^```(?P<language>python|sh)\n(?P<code>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
# Indented shell, as READMEs have it, would not be seen; it has to be fenced.
INDENTED = re.compile(r"^    (?:t2t-vq-|pip |scripts/|python )", re.MULTILINE)


class Snippet(NamedTuple):
    """A block of code in a page.

    Attributes:
        page: path of the page, from the checkout's root.
        line: number of its first line.
        language: "python" or "sh".
        code: its text.
        reason: why it is not run, or None.
    """

    page: str
    line: int
    language: str
    code: str
    reason: str | None


def snippets(path):
    """Returns the `Snippet`s of a page, in order."""
    text = path.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start("code")) + 1
        page = str(path.relative_to(ROOT))
        found.append(Snippet(page, line, match["language"], match["code"], match["reason"]))
    return found


def commands(code):
    """Returns the commands of a shell snippet, each as one line."""
    lines = code.replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]
