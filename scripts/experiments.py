"""What the scripts that train and measure share: flags, commands, and a file of results."""

import hashlib
import json
import pathlib
import subprocess
import sys

from t2t_vq.run import PRECISIONS


def command(name, *flags):
    """Runs one of the package's commands, `t2t-vq-NAME`; what it raises ends the script too."""
    code = f"from t2t_vq.cli.{name} import run; run()"
    subprocess.run([sys.executable, "-c", code, *flags], check=True)


def add_flags(parser, problem, sizes, rows):
    """Adds the flags that every such script has.

    Args:
        parser: an `argparse.ArgumentParser`.
        problem: the default problem.
        sizes: of the sets there are.
        rows: names of the rows there are.
    """
    add = parser.add_argument
    add("--work_dir", required=True, help="for data, runs and results")
    add("--problem", default=problem)
    add("--source_dir", help="folder of the data, for a problem that reads one")
    add("--size", default="small", choices=sizes, help="of the sets")
    add("--rows", nargs="+", default=rows, choices=rows, metavar="ROW", help=", ".join(rows))
    add("--seeds", nargs="+", type=int, default=[0])
    add("--train_steps", type=int, help="updates of each row's model; else the set's")
    add("--precision", default="float32", choices=PRECISIONS)
    add("--overrides", default="", help="of the set of each row, after its own")
    add("--print", action="store_true", help="only print the table of what is there")


def sized(name, size):
    """Returns the name of a set of a size; the base size has no ending."""
    return name if size == "base" else f"{name}_{size}"


def train(arguments, output_dir, problem, hparams, steps, seed):
    """Trains a run, or goes on with it, in a process of its own.

    Args:
        arguments: what the flags of `add_flags` gave.
        output_dir: folder of the run.
        problem: name of its problem.
        hparams: its set and overrides.
        steps: updates; None takes the set's.
        seed: of everything random.
    """
    flags = [
        f"--problem={problem}",
        f"--hparams={hparams}",
        f"--data_dir={pathlib.Path(arguments.work_dir) / 'data'}",
        f"--output_dir={output_dir}",
        f"--precision={arguments.precision}",
        f"--seed={seed}",
    ]
    if steps:
        flags.append(f"--train_steps={steps}")
    # What a teacher wrote was made from the source already.
    if arguments.source_dir and not problem.endswith("_distill"):
        flags.append(f"--source_dir={arguments.source_dir}")
    command("train", *flags)


def joined(*parts):
    """Returns a set and overrides as --hparams takes them; parts that are empty leave no comma."""
    return ",".join(part for part in parts if part)


def read_rows(path):
    """Returns the measurements so far, dictionaries."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def is_measured(asked, rows):
    """Returns whether one of the measurements `rows` is of what is asked for, a dictionary too."""
    return any(asked.items() <= row.items() for row in rows)


def run_name(asked):
    """Returns a folder's name for what is asked for, a dictionary with `row` and `seed`.

    What else is asked for is in it as a digest, so that runs that differ never share a folder.
    """
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    return f"{asked['row']}-seed{asked['seed']}-{digest[:8]}"


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
