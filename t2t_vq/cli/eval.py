"""Scores a trained model: BLEU and chrF of translations, or bits per dimension of images.

    t2t-vq-eval --output_dir=t2t_vq_runs/mine --split=test
    t2t-vq-eval --export_dir=export/fast --split=test

An exported folder of networks is scored without TensorFlow, on the data in --data_dir. The last
line is JSON, of what was scored and how; null stands for what is infinite.
"""

import json
import math
import time

from absl import flags as absl_flags

from t2t_vq import registry
from t2t_vq import run as runs
from t2t_vq.cli import flags, trained

FLAGS = absl_flags.FLAGS


def _define():
    trained.define()
    trained.define_export_dir()
    trained.define_batch_size()
    absl_flags.DEFINE_enum("split", "test", ("dev", "test"), "Which data to score on.")


def main():
    """Scores as the flags say."""
    if trained.is_exported():
        _score_export()
    elif runs.load(FLAGS.output_dir).hparams.task == "images":
        trained.refuse_search()
        _score_images()
    else:
        _score_translations()


def _score_translations():
    run, problem, translator, path = trained.load()
    sources, references = problem.text(run.data_dir, FLAGS.split)
    search = {
        **vars(translator.search),
        "rescore_with": FLAGS.rescore_with,
        "rescore_checkpoint": FLAGS.rescore_checkpoint,
    }
    result = _scored(translator, sources, references)
    print(json_line(run, path, FLAGS.split, {**search, **result}))


def _score_export():
    translator, exported = trained.load_exported()
    if "problem" not in exported.provenance:
        raise ValueError(
            f"{FLAGS.export_dir} does not say of which problem it is, so there is nothing to score "
            "it on. Export with t2t-vq-export, or translate with t2t-vq-decode."
        )
    problem = registry.problem(exported.provenance["problem"])
    # An export does not know where its data lies.
    result = _scored(translator, *problem.text(FLAGS.data_dir or flags.DATA_DIR, FLAGS.split))
    about = {
        **exported.provenance,
        "engine": exported.engine,
        "export_precision": exported.precision,
        "split": FLAGS.split,
        **vars(translator.search),
    }
    print(_as_json({**about, **result}))


def _scored(translator, sources, references):
    """Scores and prints; returns the scores."""
    result = score(translator, sources, references)
    for name in ("bleu", "chrf"):
        print(f"{name:5} {result[name]:6.2f}  {result[f'{name}_signature']}")
    print(f"{result['sentences']:,} sentences, {result['sentences_per_second']:.1f} a second")
    return result


def _score_images():
    from t2t_vq.training.loading import load_image_codec

    run, problem, codec, path = load_image_codec(FLAGS.output_dir, FLAGS.checkpoint, FLAGS.data_dir)
    result = score_images(codec, *problem.arrays(run.data_dir, FLAGS.split))
    print(table(result))
    print(json_line(run, path, FLAGS.split, result))


def table(values):
    """Returns a dict of integers and floats as lines of text, decimal points below each other."""
    width = max(map(len, values))
    # Four decimals and their point stand where an integer has nothing.
    numbers = [
        f"{value:14,.4f}" if isinstance(value, float) else f"{value:9,}"
        for value in values.values()
    ]
    return "\n".join(
        f"{name:{width}} {number}" for name, number in zip(values, numbers, strict=True)
    )


def json_line(run, path, split, result):
    """Returns what was scored and how, as a line of JSON.

    Args:
        run: the `t2t_vq.run.Run`.
        path: of its checkpoint.
        split: what it was scored on.
        result: dict of the scores; what is infinite or NaN becomes null.
    """
    from t2t_vq.training.checkpoints import step_of

    about = {
        **run.describe(),
        "split": split,
        "checkpoint": path,
        "updates": step_of(path),
    }
    return _as_json({**about, **result})


def _as_json(values):
    """Returns a dict as a line of JSON; what is infinite or NaN becomes null."""
    return json.dumps(
        {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in values.items()
        }
    )


def score(translator, sources, references):
    """Translates and scores.

    Args:
        translator: a `Translator`.
        sources, references: lists of strings.

    Returns:
        A dict of `bleu`, `chrf`, their signatures, `sentences`, `sources_cut` (those longer than
        the model takes), and `sentences_per_second`, from text to text, compilation left out.
    """
    from t2t_vq.line_translator import checked_lines
    from t2t_vq.metrics.bleu import bleu, chrf

    sources = checked_lines(sources)
    translator.compile_for(sources)
    start = time.perf_counter()
    translations = translator.translate(sources)
    seconds = time.perf_counter() - start
    result = {
        "sentences": len(sources),
        "sources_cut": translator.num_cut,
        "sentences_per_second": len(sources) / seconds,
    }
    for name, metric in (("bleu", bleu), ("chrf", chrf)):
        found = metric(translations, references)
        result[name], result[f"{name}_signature"] = found.score, found.signature
    return result


def score_images(codec, images, labels):
    """Scores reconstructions, and bounds what the images take; see `VqAutoencoder.bits`.

    Args:
        codec: a `t2t_vq.image_codec.ImageCodec`.
        images: uint8 `[n, height, width, channels]`.
        labels: int32 `[n]`.

    Returns:
        A dict of means over the images: `bits_per_dim` with its parts `reconstruction_bits` and
        `prior_bits`, where the model bounds the likelihood; under soft EM the same with
        `_of_one_sample` behind it, for one code drawn from each posterior, and with `_of_samples`,
        for as many as training draws if these are more; `codebook_perplexity` and `codes_in_use`
        where there are codes, means over codebooks; `psnr` in dB and `ssim` of the
        reconstructions; and the number of `images`.
    """
    import numpy as np

    from t2t_vq import em
    from t2t_vq.metrics.image_quality import psnr, ssim

    model, result = codec.model, {"images": len(images)}
    bounds = {"": None} if model.has_bound else {}
    if model.bottleneck.has_posterior:
        bounds["_of_one_sample"] = 1
        if (model.bottleneck.num_samples or 1) > 1:
            bounds["_of_samples"] = model.bottleneck.num_samples
    for ending, samples in bounds.items():
        parts = [float(np.mean(part)) for part in codec.bits(images, labels, samples)]
        result[f"bits_per_dim{ending}"] = sum(parts)
        result[f"reconstruction_bits{ending}"], result[f"prior_bits{ending}"] = parts
    if model.has_prior:
        codes, size = codec.encode(images), model.bottleneck.num_codes
        counts = [np.bincount(each.ravel(), minlength=size) for each in np.moveaxis(codes, -1, 0)]
        result["codebook_perplexity"] = float(np.mean([em.perplexity(each) for each in counts]))
        result["codes_in_use"] = float(np.mean(np.array(counts) > 0))
    rebuilt = codec.reconstruct(images)
    result["psnr"] = float(np.mean(psnr(images, rebuilt)))
    result["ssim"] = float(np.mean(ssim(images, rebuilt)))
    return result


def run():
    """Entry point of `t2t-vq-eval`."""
    flags.run(main, __doc__, (), define=_define)
