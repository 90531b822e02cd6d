"""Hyper-parameters: typed dataclasses, overrides in one string, and a JSON round trip.

A set is a frozen dataclass that a registered function returns; `override` changes fields of it:

    hparams = override(registry.hparams("softem_nat"), "hidden_size=256,bottleneck.num_samples=5")
"""

import dataclasses
import difflib
import types
import typing


@dataclasses.dataclass(frozen=True)
class HParams:
    """What every model needs: optimisation.

    Attributes:
        task: what the model does, as its problems call it: "translation" or "images".
        model: registered name of the model.
        train_steps: updates to train for, unless `--train_steps` says otherwise.
        learning_rate: the highest learning rate, reached after `warmup_steps`.
        warmup_steps: updates over which the rate rises linearly from zero.
        schedule: "rsqrt" (inverse square root of the step) or "cosine" (down to 2 %).
        adam_beta1, adam_beta2, adam_epsilon: of the Adam optimizer.
        clip_norm: largest global norm of a gradient; 0 does not clip.
        weight_ema: decay of a moving average of the trainable weights, which validation translates
            with and `best` keeps; 0 averages none. It warms up: see `t2t_vq.training.weight_ema`.
        eval_frequency: updates between two evaluations and checkpoints.
    """

    # Without a type, so that it is no field.
    task = None

    model: str
    train_steps: int = 250_000
    learning_rate: float = 1.4e-3
    warmup_steps: int = 4_000
    schedule: str = "rsqrt"
    adam_beta1: float = 0.9
    adam_beta2: float = 0.997
    adam_epsilon: float = 1e-9
    clip_norm: float = 0.0
    weight_ema: float = 0.0
    eval_frequency: int = 5_000

    def batching(self):
        """Returns what a problem's `batches` needs to know, as keyword arguments."""
        raise NotImplementedError(f"{type(self).__name__} does not implement batching().")


@dataclasses.dataclass(frozen=True)
class TransformerHParams(HParams):
    """A Transformer from source to target tokens.

    Attributes:
        batch_tokens: padded target tokens in a batch, over all replicas together.
        max_length: longest training example, in tokens, source and target alike.
        num_buckets: lengths that batches are padded to; each costs one compilation.
        hidden_size: width of embeddings and layers; a multiple of `num_heads`.
        filter_size: width of the feed-forward layers.
        num_heads: attention heads.
        encoder_layers, decoder_layers: depth of the two stacks.
        dropout: rate on residual branches and embeddings.
        label_smoothing: of the token cross-entropy.
    """

    task = "translation"

    model: str = "transformer"
    batch_tokens: int = 32_768
    max_length: int = 256
    num_buckets: int = 4
    hidden_size: int = 512
    filter_size: int = 2048
    num_heads: int = 8
    encoder_layers: int = 6
    decoder_layers: int = 6
    dropout: float = 0.1
    label_smoothing: float = 0.1

    def batching(self):
        """Returns what a problem's `batches` needs to know, as keyword arguments."""
        return {
            "batch_tokens": self.batch_tokens,
            "max_length": self.max_length,
            "num_buckets": self.num_buckets,
        }


@dataclasses.dataclass(frozen=True)
class BottleneckConfig:
    """A bottleneck and its options; defaults are the paper's. A kind takes those that it has.

    Attributes:
        kind: registered name; `bottleneck=vq` is short for `bottleneck.kind=vq`.
        num_codes: K, size of each codebook.
        num_blocks: codebooks side by side, each for a part of the vector; none is the kind's own
            default.
        num_quantizers: levels of residual quantization; none is the kind's own default.
        quantizer_dropout: share of sequences that training rebuilds from some levels only.
        levels: values of each scalar of finite scalar quantization; none is the kind's own default.
        soft: whether codebooks are assigned by soft EM; `em` always is.
        num_samples: m, codes drawn for each vector under soft EM; none is the posterior mean.
        temperature: of the posterior under soft EM, or of a relaxation.
        temperature_end, temperature_steps: what the temperature falls or rises to, linearly over
            that many updates; 0 updates keep it.
        relative_temperature: whether soft EM's temperature is in units of a codebook's variance,
            the mean squared distance of its codes from their mean.
        through_posterior: whether soft EM's gradient goes through the posterior's mean.
        learning: "ema" (expectation-maximisation) or "gradient".
        similarity: "euclidean" or "cosine".
        estimator: "straight_through" or "rotation", how gradients pass an assignment.
        projection: "slice" or "random", how `dvq` makes blocks.
        projection_dim: width that vectors are projected to before any kind; none projects none.
        beta: weight of the commitment loss.
        decay: of the moving averages of counts and sums.
        epsilon: smoothing of the counts.
        restart_threshold: codes below this share of the mean count restart from data.
        orthogonality_weight, diversity_weight: of the losses of a codebook; 0 adds none.
        discrete_share: chance that `semhash`, `isemhash` or `tanh` shows the decoder a bit in
            training; none is the kind's own default.
        entropy_weight: of the entropy loss of `lfq` and `bsq`.
        kl_weight: of the divergence from the prior, in `gumbel-softmax`, `-dvq` and `vae`.
    """

    kind: str = "em"
    num_codes: int = 4096
    num_blocks: int | None = None
    num_quantizers: int | None = None
    quantizer_dropout: float = 0.0
    levels: tuple[int, ...] | None = None
    soft: bool = False
    num_samples: int | None = 10
    temperature: float = 1.0
    temperature_end: float = 1.0
    temperature_steps: int = 0
    relative_temperature: bool = False
    through_posterior: bool = False
    learning: str = "ema"
    similarity: str = "euclidean"
    estimator: str = "straight_through"
    projection: str = "slice"
    projection_dim: int | None = None
    beta: float = 0.25
    decay: float = 0.999
    epsilon: float = 1e-5
    restart_threshold: float = 0.1
    orthogonality_weight: float = 0.0
    diversity_weight: float = 0.0
    discrete_share: float | None = None
    entropy_weight: float = 0.1
    kl_weight: float = 0.01


@dataclasses.dataclass(frozen=True)
class TransformerNatHParams(TransformerHParams):
    """A Transformer that decodes all tokens in parallel from a short latent sequence.

    Attributes:
        predictor: how latents are predicted, "causal" (one after the other) or "masked" (all in
            one pass, or in the few that `--passes` allows).
        predictor_layers: depth of the latent predictor.
        compress_steps: n_c; each halves the length of the latent sequence.
        latent_label_smoothing: of the latent predictor's cross-entropy.
        startup_steps: updates without quantisation, after which the codebook starts from data.
        mask_startup_steps: updates over which true target embeddings in the parallel decoder's
            input give way to latents; 0 feeds latents only.
        predicted_latents: share of the latents that the parallel decoder sees, in training, as the
            predictor takes them to be; 0 shows it none.
        bottleneck: the bottleneck and its options.
    """

    model: str = "transformer_nat"
    label_smoothing: float = 0.0
    predictor: str = "causal"
    predictor_layers: int = 6
    compress_steps: int = 3
    latent_label_smoothing: float = 0.0
    startup_steps: int = 200
    mask_startup_steps: int = 0
    predicted_latents: float = 0.0
    bottleneck: BottleneckConfig = BottleneckConfig()


@dataclasses.dataclass(frozen=True)
class ImageHParams(HParams):
    """An image autoencoder through a bottleneck, and a prior over its codes.

    Attributes:
        batch_size: images in a batch, over all replicas together.
        encoder: "convolutional" or "transformer", of encoder and decoder both.
        likelihood: of the pixels, "logistic_mixture" or "categorical".
        num_mixtures: logistic distributions in a mixture.
        hidden_size: width of encoder and decoder.
        num_layers: residual layers, or Transformer layers, of encoder and decoder each.
        filter_size, num_heads: of Transformer layers in encoder and decoder.
        downsample_steps: each halves height and width of the latent grid.
        dropout: rate in encoder and decoder.
        prior_size: width of the prior; a multiple of 4 and of `prior_heads`.
        prior_layers, prior_filter_size, prior_heads, prior_dropout: of the prior's Transformer.
        class_conditional: whether the prior is told the class of an image.
        startup_steps: updates without quantisation, after which the codebook starts from data.
        autoencoder_steps: updates after which only the prior learns; 0 lets all learn to the end.
        bottleneck: the bottleneck and its options.
    """

    task = "images"

    model: str = "vq_autoencoder"
    batch_size: int = 128
    encoder: str = "convolutional"
    likelihood: str = "logistic_mixture"
    num_mixtures: int = 10
    hidden_size: int = 256
    num_layers: int = 4
    filter_size: int = 1024
    num_heads: int = 8
    downsample_steps: int = 2
    dropout: float = 0.0
    prior_size: int = 512
    prior_layers: int = 8
    prior_filter_size: int = 2048
    prior_heads: int = 8
    prior_dropout: float = 0.1
    class_conditional: bool = False
    startup_steps: int = 200
    autoencoder_steps: int = 0
    bottleneck: BottleneckConfig = BottleneckConfig()

    def batching(self):
        """Returns what a problem's `batches` needs to know, as keyword arguments."""
        return {"batch_size": self.batch_size}


def split_set(text):
    """Splits "softem_nat,hidden_size=256" into the set's name and its overrides.

    Returns:
        `(name, overrides)`; overrides is an empty string when there are none.
    """
    name, _, overrides = text.partition(",")
    if not name or "=" in name:
        raise ValueError(
            f"--hparams={text} does not begin with a set. Write the set first, then overrides: "
            "--hparams=softem_nat,hidden_size=256"
        )
    return name, overrides


def override(hparams, overrides):
    """Returns a copy of `hparams` with some fields changed.

    Args:
        hparams: a dataclass of this module, or one of the user's.
        overrides: "field=value,nested.field=value"; empty changes nothing. A list takes
            brackets, "[1,2]"; an optional field takes `none`.

    Raises:
        ValueError: for an unknown field, a value of the wrong type or a name given twice; the
            message is one line that names the field and its type.
    """
    seen = set()
    for item in _split(overrides):
        name, equals, value = item.partition("=")
        name = name.strip()
        if not equals:
            raise ValueError(f"The override '{item}' has no value. Write {name}=VALUE.")
        hparams, name = _set(hparams, name, value.strip(), name)
        if name in seen:
            raise ValueError(f"The hyper-parameter '{name}' is given twice. Give it once.")
        seen.add(name)
    return hparams


def overrides_of(hparams, base):
    """Returns the text with which `override` makes `hparams` of `base`, of the same class."""
    items = []
    for field in dataclasses.fields(base):
        value, own = getattr(hparams, field.name), getattr(base, field.name)
        if dataclasses.is_dataclass(value):
            items += [f"{field.name}.{item}" for item in _split(overrides_of(value, own))]
        elif value != own:
            items.append(f"{field.name}={_written(value)}")
    return ",".join(items)


def to_dict(hparams):
    """Returns `hparams` as nested dictionaries of plain values, fit for JSON."""
    return dataclasses.asdict(hparams)


def from_dict(cls, values):
    """Returns the dataclass `cls` with the values that `to_dict` gave.

    Raises:
        ValueError: when a field is unknown, missing or of the wrong type.
    """
    return _from_dict(cls, values, "")


def _from_dict(cls, values, prefix):
    fields = _fields(cls)
    given = {}
    for name, value in values.items():
        full_name = prefix + name
        field_type = _field_type(cls, fields, name, full_name)
        if dataclasses.is_dataclass(field_type) and isinstance(value, dict):
            given[name] = _from_dict(field_type, value, f"{full_name}.")
        else:
            given[name] = _typed(_check, value, field_type, full_name)
    for field in dataclasses.fields(cls):
        defaults = (field.default, field.default_factory)
        if field.name not in given and defaults == (dataclasses.MISSING,) * 2:
            raise ValueError(f"{cls.__name__} needs the hyper-parameter '{prefix}{field.name}'.")
    return cls(**given)


def _split(text):
    """Splits at commas that stand outside brackets."""
    items, depth, start = [], 0, 0
    for i, character in enumerate(text):
        depth += (character == "[") - (character == "]")
        if character == "," and not depth:
            items.append(text[start:i])
            start = i + 1
    return [item for item in [*items, text[start:]] if item.strip()]


def _set(hparams, path, value, full_name):
    name, _, rest = path.partition(".")
    cls = type(hparams)
    field_type = _field_type(cls, _fields(cls), name, full_name)
    if dataclasses.is_dataclass(field_type):
        # A bare value for a nested configuration chooses its kind: bottleneck=vq.
        nested, full_name = _set(
            getattr(hparams, name), rest or "kind", value, full_name if rest else f"{name}.kind"
        )
        return dataclasses.replace(hparams, **{name: nested}), full_name
    if rest:
        raise ValueError(f"'{full_name}' is unknown: '{name}' is {_type_name(field_type)}.")
    parsed = _typed(_parse, value, field_type, full_name)
    return dataclasses.replace(hparams, **{name: parsed}), full_name


def _fields(cls):
    return typing.get_type_hints(cls)


def _field_type(cls, fields, name, full_name):
    if name not in fields:
        close = difflib.get_close_matches(name, fields, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(close)}?" if close else f"Known: {', '.join(fields)}."
        raise ValueError(f"{cls.__name__} has no hyper-parameter '{full_name}'. {hint}")
    return fields[name]


def _typed(convert, value, field_type, full_name):
    try:
        return convert(value, field_type)
    except ValueError:
        raise ValueError(
            f"The hyper-parameter '{full_name}' is {_type_name(field_type)}; {value!r} is not."
        ) from None


def _parse(text, field_type):
    """Reads a value as the command line writes it."""
    arguments = typing.get_args(field_type)
    if typing.get_origin(field_type) in (types.UnionType, typing.Union):
        return None if text.lower() == "none" else _parse(text, arguments[0])
    if typing.get_origin(field_type) is tuple:
        items = text.removeprefix("[").removesuffix("]").split(",")
        return tuple(_parse(item.strip(), arguments[0]) for item in items if item.strip())
    if field_type is bool:
        known = {"true": True, "1": True, "false": False, "0": False}
        if text.lower() not in known:
            raise ValueError
        return known[text.lower()]
    return field_type(text)


def _written(value):
    """Writes a value as `_parse` reads it."""
    if isinstance(value, tuple):
        return f"[{','.join(map(_written, value))}]"
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def _check(value, field_type):
    """Takes a value as JSON holds it."""
    arguments = typing.get_args(field_type)
    if typing.get_origin(field_type) in (types.UnionType, typing.Union):
        return None if value is None else _check(value, arguments[0])
    if typing.get_origin(field_type) is tuple:
        if not isinstance(value, list | tuple):
            raise ValueError
        return tuple(_check(item, arguments[0]) for item in value)
    if field_type is float and type(value) is int:
        return float(value)
    if type(value) is not field_type:
        raise ValueError
    return value


def _type_name(field_type):
    arguments = typing.get_args(field_type)
    if typing.get_origin(field_type) in (types.UnionType, typing.Union):
        return f"{_type_name(arguments[0])} or none"
    if typing.get_origin(field_type) is tuple:
        return f"a list of type {arguments[0].__name__}"
    names = {int: "an integer", float: "a number", bool: "true or false", str: "a text"}
    return names.get(field_type, f"a {field_type.__name__}")
