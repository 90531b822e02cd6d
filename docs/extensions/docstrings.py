"""Our docstrings, which are read in the source first, as Sphinx takes them."""

import inspect
import re

# What every layer has, and Keras calls.
_OF_KERAS = {"build", "from_config", "get_config"}
_NAMES_GO_ON = re.compile(r"^ +[\w, ]+,$")
_SEVERAL = re.compile(r"^    (\w+(?:, \w+)+): (.*)$")


def setup(app):
    """Rewrites each docstring before `sphinx.ext.napoleon` reads it."""
    app.connect("autodoc-process-docstring", _process, priority=100)
    app.connect("autodoc-process-signature", _signature)
    app.connect("autodoc-skip-member", _skips)
    return {"parallel_read_safe": True}


def _signature(app, what, name, thing, options, signature, returns):
    # Keras's layers hide theirs.
    if what == "class" and signature == "(*args, **kwargs)":
        _, *others = inspect.signature(thing.__init__).parameters.values()
        bare = [each.replace(annotation=inspect.Parameter.empty) for each in others]
        return str(inspect.Signature(bare)), returns
    return None


def _skips(app, what, name, thing, skip, options):
    # Fields of a named tuple are told by its docstring.
    is_field = type(thing).__name__ == "_tuplegetter"
    return True if is_field or name in _OF_KERAS else None


def _process(app, what, name, thing, options, lines):
    lines[:] = rewritten(lines)


def rewritten(lines):
    """Returns lines in which no sign is markup outside of the example, which comes last."""
    lines = _each_by_itself(_joined(lines))
    end = lines.index("Example:") if "Example:" in lines else len(lines)
    return [_escaped(line) for line in lines[:end]] + lines[end:]


def _joined(lines):
    """Joins lists of arguments' names that take several lines."""
    found = []
    for line in lines:
        if found and _NAMES_GO_ON.match(found[-1]):
            found[-1] += f" {line.strip()}"
        else:
            found.append(line)
    return found


def _each_by_itself(lines):
    """Repeats what is said of several attributes for each, as Sphinx takes one at a time."""
    found, entry = [], None
    in_attributes = False
    for line in lines:
        if line and not line.startswith(" "):
            in_attributes = line == "Attributes:"
        several = _SEVERAL.match(line) if in_attributes else None
        if several:
            entry = [[f"    {name}: {several[2]}"] for name in several[1].split(", ")]
            found += entry
        elif entry and line.startswith("     "):
            for each in entry:
                each.append(line)
        else:
            entry = None
            found.append([line])
    return [line for lines in found for line in lines]


def _escaped(line):
    parts = line.split("`")
    parts[::2] = [re.sub(r"(?<!\\)([|*])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)
