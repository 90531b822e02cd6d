"""Names of variables that stay: the places where a model, and an optimizer, keep them.

Keras's own names of layers are numbered by what else a process has built.
"""

import collections
from collections.abc import Sequence

import keras

# What Keras keeps in every layer for itself, in the order in which things were built.
_OF_KERAS = frozenset(vars(keras.layers.Layer()))
# Where an optimizer keeps all its variables once more.
_ALL = "variables"


def named_variables(model: keras.Layer) -> dict[str, keras.Variable]:
    """Returns the variables of a model by name.

    A name is the shortest path of attributes that leads to a variable, the first by the alphabet
    where there are several, such as "encoder/blocks/0/attention/query/kernel". It does not hang on
    the order in which layers are made. What no attribute leads to is numbered.

    Args:
        model: a Keras model or layer, built.

    Returns:
        `{name: keras.Variable}`, in the order of `model.variables`.

    Example:
        >>> layer = keras.layers.Dense(2)
        >>> layer.build((None, 3))
        >>> list(named_variables(layer))
        ['kernel', 'bias']
    """
    return _in_order(model.variables, _places(model))


def named_slots(
    optimizer: keras.optimizers.Optimizer, weight_names: Sequence[str]
) -> dict[str, keras.Variable]:
    """Returns the variables of an optimizer by name, as "momentums/embedding/table".

    Args:
        optimizer: a Keras optimizer, built.
        weight_names: names of the variables that it was built for, in that order.

    Returns:
        `{name: keras.Variable}`, in the order of `optimizer.variables`.
    """
    places = []
    for name, value in sorted(vars(optimizer).items()):
        name = name.lstrip("_")
        if isinstance(value, keras.Variable):
            places.append((name, value))
        elif name != _ALL and isinstance(value, list):
            places += [
                (f"{name}/{weight}", slot)
                for weight, slot in zip(weight_names, value, strict=False)
            ]
    return _in_order(optimizer.variables, places)


def _in_order(variables, places):
    first = {}
    for name, variable in places:
        first.setdefault(name, variable)
    names = {id(variable): name for name, variable in reversed(first.items())}
    unnamed = [id(variable) for variable in variables if id(variable) not in names]
    names.update((key, f"other/{number}") for number, key in enumerate(unnamed))
    return {names[id(variable)]: variable for variable in variables}


def _places(model):
    """Yields names and variables, those that are near before others."""
    queue, seen = collections.deque([("", model)]), set()
    while queue:
        path, thing = queue.popleft()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, keras.Variable):
            yield path, thing
        else:
            inside = f"{path}/" if path else ""
            queue += [(f"{inside}{name}", child) for name, child in _children(thing)]


def _children(thing):
    if isinstance(thing, dict):
        return [(str(key), thing[key]) for key in sorted(thing, key=str)]
    if isinstance(thing, list | tuple):
        return list(enumerate(thing))
    if isinstance(thing, keras.layers.Layer | keras.random.SeedGenerator | keras.metrics.Metric):
        # TensorFlow tracks the same things once more.
        own = (name for name in vars(thing) if name not in _OF_KERAS)
        names = sorted(name for name in own if not name.startswith("_self_"))
        return [(name.lstrip("_"), vars(thing)[name]) for name in names]
    return []
