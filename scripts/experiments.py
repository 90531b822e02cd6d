"""What the scripts that train and measure share: commands, and a file of results."""

import json
import subprocess
import sys


def command(name, *flags):
    """Runs one of the package's commands, `t2t-vq-NAME`; what it raises ends the script too."""
    code = f"from t2t_vq.cli.{name} import run; run()"
    subprocess.run([sys.executable, "-c", code, *flags], check=True)


def joined(*parts):
    """Returns a set and overrides as --hparams takes them; parts that are empty leave no comma."""
    return ",".join(part for part in parts if part)


def read_rows(path):
    """Returns the measurements so far, dictionaries."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def append_row(path, row):
    """Adds a measurement, a dictionary, and shows it."""
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    print(json.dumps(row), flush=True)


def markdown(head, rows):
    """Returns a Markdown table.

    Args:
        head: names of the columns.
        rows: lists of cells; None is an empty one.
    """
    lines = [head, ["---"] * len(head), *rows]
    cells = (["" if cell is None else str(cell) for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)
