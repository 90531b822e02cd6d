"""Our docstrings, which are read in the source first, as Sphinx takes them."""

import inspect
import re

# What every layer has, and Keras calls.
_OF_KERAS = {"build", "from_config", "get_config"}
_SECTION = re.compile(r"^Examples?:$")
_NAMES_GO_ON = re.compile(r"^ +[\w, ]+,$")


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
        return str(inspect.Signature(others)), returns
    return None


def _skips(app, what, name, thing, skip, options):
    # Fields of a named tuple are told by its docstring.
    is_field = type(thing).__name__ == "_tuplegetter"
    return True if is_field or name in _OF_KERAS else None


def _process(app, what, name, thing, options, lines):
    lines[:] = rewritten(lines)


def rewritten(lines):
    """Returns lines in which indented examples are code, and no sign outside of code is markup."""
    found, lines, in_code = [], _joined(lines), False
    for number, line in enumerate(lines):
        if line and not line.startswith(" "):
            in_code = False
        if in_code:
            found.append(f"    {line}" if line else "")
        elif line.startswith((">>>", "...")):
            found.append(line)
        else:
            found.append(_escaped(line))
            if _leads_to_code(lines[number:]):
                found += ["", "    .. code-block:: python", ""]
                in_code = True
    return found


def _leads_to_code(lines):
    """Returns whether the first line announces an indented block that is code."""
    following = next((line for line in lines[1:] if line), "")
    if not following.startswith("    ") or following.lstrip().startswith(">>>"):
        return False
    if _SECTION.match(lines[0]):
        return True
    # A sentence that ends so, an empty line, and a block.
    return lines[0].endswith(":") and " " in lines[0].strip() and lines[1] == ""


def _joined(lines):
    """Joins lists of arguments' names that take several lines."""
    found = []
    for line in lines:
        if found and _NAMES_GO_ON.match(found[-1]):
            found[-1] += f" {line.strip()}"
        else:
            found.append(line)
    return found


def _escaped(line):
    parts = line.split("`")
    parts[::2] = [re.sub(r"(?<!\\)([|*])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)
