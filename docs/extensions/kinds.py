"""The directive `kind-options`: a table of what a bottleneck can be told, read from the code."""

import dataclasses
import inspect
import re

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

_ARGUMENT = re.compile(r"^ {4}([\w*, ]+): (.*)$")


def setup(app):
    """Adds the directive."""
    app.add_directive("kind-options", _KindOptions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class _KindOptions(SphinxDirective):
    """A kind's name, layer and options: `{kind-options} em`."""

    required_arguments = 1

    def run(self):
        from t2t_vq import registry

        kind = self.arguments[0]
        layer = registry.bottlenecks[kind]
        text = [
            f"In a set of hyper-parameters: `bottleneck={kind}`. "
            f"As a layer: `t2t_vq.bottlenecks.{layer.__name__}`.",
            "",
            "| option | default | what it is | in a set |",
            "|---|---|---|---|",
        ]
        for name, default, description in options_of(layer):
            by_name = f"`{set_option(kind, name)}`" if set_option(kind, name) else ""
            text.append(f"| `{name}` | `{default}` | {description} | {by_name} |")
        container = nodes.container()
        self.state.nested_parse(text, self.content_offset, container)
        return container.children


def options_of(layer):
    """Returns `(name, default, description)` of what a layer's constructor takes."""
    described = _descriptions(layer)
    found = []
    for parameter in inspect.signature(layer).parameters.values():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        found.append((parameter.name, _shown(parameter), described.get(parameter.name, "")))
    return found


def set_option(kind, name):
    """Returns how a set of hyper-parameters writes an option, or none where it has none."""
    from t2t_vq.config import BottleneckConfig

    shared = {field.name for field in dataclasses.fields(BottleneckConfig)}
    if name in shared or name in BottleneckConfig(kind=kind).own_options():
        return f"bottleneck.{name}="
    return None


def _shown(parameter):
    default = parameter.default
    if default is parameter.empty:
        return "needed"
    if hasattr(default, "get_config"):
        given = default.get_config()
        told = ", ".join(f"{name}={given[name]}" for name in list(given)[:3])
        return f"{type(default).__name__}({told})"
    return repr(default)


def _descriptions(layer):
    """Returns what the docstrings of a layer, or else of what it is made of, say of arguments."""
    sources = list(layer.__mro__) if inspect.isclass(layer) else [layer]
    text = "\n".join(inspect.getdoc(layer) or "" for layer in sources)
    for other in _named_in(text):
        sources.append(other)
    found = {}
    for source in sources:
        for name, description in _arguments(inspect.getdoc(source) or "").items():
            # "Of another layer" is told by that layer.
            if not re.match(r"(of|as) `", description):
                found.setdefault(name, description)
    return found


def _named_in(text):
    from t2t_vq import bottlenecks

    return [
        getattr(bottlenecks, name)
        for name in dict.fromkeys(re.findall(r"`(\w+)`", text))
        if name in bottlenecks.__all__
    ]


def _arguments(text):
    """Returns `{name: description}` of the section `Args:` of a docstring."""
    _, _, section = text.partition("Args:\n")
    section = re.split(r"\n(?=\S)", section)[0]
    # A list of names may go on in a second line.
    section = re.sub(r",\n +(?=\w[\w, ]*: )", ", ", section)
    found, names = {}, []
    for line in section.splitlines():
        match = _ARGUMENT.match(line)
        if match:
            names = [name.strip() for name in match[1].split(",")]
            found.update(dict.fromkeys(names, match[2]))
        else:
            for name in names:
                found[name] = f"{found[name]} {line.strip()}".strip()
    return {name: text.replace("|", r"\|") for name, text in found.items()}
