"""Options that are objects, such as assignments: layers save them with their own options."""

import dataclasses
from typing import Any

import keras


def serialize(option: Any) -> Any:
    """Returns a plain value as it is and an object as a dict, for `get_config`."""
    return keras.saving.serialize_keras_object(option)


def deserialize(option: Any) -> Any:
    """Returns the option that `serialize` was given; an option itself comes back as it is."""
    return keras.saving.deserialize_keras_object(option) if isinstance(option, dict) else option


class Configured:
    """Lets Keras save and load a dataclass."""

    def get_config(self) -> dict[str, Any]:
        """Returns the options as a dict of plain values."""
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        return {field.name: serialize(getattr(self, field.name)) for field in fields}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Configured":
        """Returns an object with the options that `get_config` gave."""
        return cls(**{name: deserialize(value) for name, value in config.items()})
