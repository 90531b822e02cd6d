"""Sequence-level knowledge distillation: a teacher translates a training set for its students.

Students learn better from a teacher's translations than from people's, because those are more alike
(Kim and Rush 2016, arXiv 1606.07947; for parallel decoders Gu et al. 2018, arXiv 1711.02281).
"""

import hashlib
import itertools
import math
import os
import pathlib

import numpy as np
from absl import logging

from t2t_vq import atomic
from t2t_vq.data import (
    batches,
    corpus_files,
    datagen,
    integrity,
    manifests,
    records,
    text_files,
    workers,
)
from t2t_vq.data.lines import encode_lines
from t2t_vq.decoding.options import BATCH_SIZE, Search
from t2t_vq.errors import InvalidError
from t2t_vq.loading.from_run import load_translator
from t2t_vq.paths import StrPath, expanded
from t2t_vq.problems.distilled import counterpart
from t2t_vq.progress import Progress

# What an interruption loses at most: a minute or two.
_SHARD_SENTENCES = 10_000
# Translated between two looks at the time: enough for full batches of like length.
_CHUNK_SENTENCES = 2_000
# What tells one distillation from another. Folders may move.
_IDENTITY = ("weights", "beam_size", "alpha", "sentences")


def distill(
    teacher_dir: StrPath,
    data_dir: StrPath | None = None,
    source_dir: StrPath | None = None,
    checkpoint: str = "best",
    beam_size: int = 4,
    alpha: float = 0.6,
    batch_size: int = BATCH_SIZE,
    teacher_data_dir: StrPath | None = None,
) -> tuple[str, str]:
    """Writes a corpus whose training targets are a teacher's translations.

    Its vocabulary, validation and test set are copies of the teacher's, so students are validated
    and scored on real references. Sources that the teacher would cut, empty translations, and pairs
    that `t2t_vq.data.datagen` would call over-long are left out and counted.

    An interrupted call goes on where it stopped; finished data is left alone, but for files that
    have gone missing.

    Args:
        teacher_dir: folder of a trained run.
        data_dir: folder to write to; by default the one of the teacher's data.
        source_dir: folder of other text, whose train text is translated, its source language
            alone (`train.en` or a column of `train.tsv`); by default the teacher's own training
            set.
        checkpoint: see `t2t_vq.training.checkpoints.load_weights`.
        beam_size: sequences kept in the teacher's search; 1 is greedy.
        alpha: exponent of the length penalty of a beam.
        batch_size: most candidates decoded together.
        teacher_data_dir: where the teacher's data lies, if it is elsewhere than when it was
            trained.

    Returns:
        `(name of the problem that reads the corpus, data_dir)`.

    Raises:
        FileNotFoundError: when run, data or text is missing.
        OSError: when `data_dir` cannot be written to; told before anything is translated.
        ValueError: when the teacher's problem has no distilled counterpart, `data_dir` holds
            another distillation, or a file is damaged.

    Example:
        >>> problem, data_dir = distill("runs/teacher", "t2t_vq_data", beam_size=1)
        >>> t2t_vq.registry.problem(problem).is_generated(data_dir)
        True
    """
    teacher = load_translator(
        expanded(teacher_dir),
        expanded(checkpoint),
        Search(beam_size=beam_size, alpha=alpha),
        batch_size=batch_size,
        data_dir=expanded(teacher_data_dir),
    )
    run, translator = teacher.run, teacher.translator
    problem = run.make_problem()
    distilled = counterpart(problem)
    source_dir = expanded(source_dir)
    data_dir = pathlib.Path(expanded(data_dir or run.data_dir))
    sources, report = _sources(problem, run.data_dir, source_dir, translator.tokenizer)
    source = {
        "teacher": os.path.relpath(teacher.checkpoint, data_dir),
        "weights": _digest(*(file.read_bytes() for file in _weight_files(teacher.checkpoint))),
        "beam_size": beam_size,
        "alpha": alpha,
        "text": str(source_dir or problem.name),
        "sentences": _digest(sources.ids, sources.starts),
    }
    name = distilled.corpus_name
    state = _state(data_dir, name, source)
    if corpus_files.is_whole(data_dir, name):
        logging.info("%s is distilled already, in %s.", distilled.name, data_dir)
    else:
        atomic.check_writable(data_dir, "--data_dir")
        data_dir.mkdir(parents=True, exist_ok=True)
        paths = _write_train(data_dir, name, state, sources, translator, problem.reversed)
        copies = _copy_rest(problem, run.data_dir, data_dir, name, translator.tokenizer)
        state["files"].update(integrity.fingerprints(copies))
        _write_manifest(data_dir, name, state, paths, problem.manifest(run.data_dir), report)
    return distilled.name, str(data_dir)


def _sources(problem, data_dir, source_dir, tokenizer):
    """Returns the sentences to translate, as `records.Sentences`, and a report on them."""
    report = text_files.Report()
    if source_dir is None:
        sources = batches.corpus(data_dir, problem.corpus_name, "train")[problem.reversed]
        report.total = len(sources.lengths)
        return sources, report
    side = int(problem.reversed)
    lines = text_files.read_side(source_dir, "train", side, report, problem.languages)
    ids, lengths = [], [0]
    while chunk := list(itertools.islice(lines, _SHARD_SENTENCES)):
        encoded = tokenizer.encode_batch(chunk)
        ids.append(np.fromiter(itertools.chain.from_iterable(encoded), np.int32))
        lengths += map(len, encoded)
    report.check("The train text")
    return records.Sentences(np.concatenate(ids), np.cumsum(lengths)), report


def _weight_files(checkpoint):
    path = pathlib.Path(checkpoint)
    return sorted(path.parent.glob(f"{path.name}.data-*"))


def _digest(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    # Enough to tell things apart, and short enough for a message.
    return digest.hexdigest()[:16]


def _state(data_dir, name, source):
    """Returns what an earlier call has noted, or a new state."""
    path = manifests.path(data_dir, name)
    state = manifests.read(path, manifests.DISTILLED)
    if state is None:
        path = manifests.partial_path(data_dir, name)
        state = manifests.read(path, manifests.DISTILLED_PARTIAL)
    if state is None:
        state = {"name": name, "source": source, "shards": {}, "files": {}}
    found = state["source"]
    if any(found.get(key) != source[key] for key in _IDENTITY):
        changed = "; ".join(
            f"{key} was {_shown(data_dir, key, found.get(key))} and is now "
            f"{_shown(data_dir, key, value)}"
            for key, value in source.items()
            if found.get(key) != value
        )
        raise InvalidError(
            f"{path} notes another distillation: {changed}. Give the same arguments to go on with "
            "that one; for this one choose another --data_dir, or delete that file."
        )
    return state


def _shown(data_dir, key, value):
    # Noted relative to the data, so that both can move together.
    return os.path.normpath(data_dir / value) if key == "teacher" and value else value


def _write_train(data_dir, name, state, sources, translator, is_reversed):
    """Writes the record files that are missing; returns the paths of all."""
    total = len(sources.lengths)
    paths = corpus_files.shard_paths(data_dir, name, "train", math.ceil(total / _SHARD_SENTENCES))
    done = [i for i, path in enumerate(paths) if str(i) in state["shards"] and path.exists()]
    _check_done([paths[i] for i in done], [state["shards"][str(i)]["pairs"] for i in done], state)
    sizes = [min(_SHARD_SENTENCES, total - i * _SHARD_SENTENCES) for i in range(len(paths))]
    progress = Progress("Translating, sentences", total, sum(sizes[i] for i in done))
    # While files that it tells of are missing, a manifest is no more than notes.
    if manifests.path(data_dir, name).exists():
        os.replace(manifests.path(data_dir, name), manifests.partial_path(data_dir, name))
    for i in sorted(set(range(len(paths))) - set(done)):
        numbers = range(i * _SHARD_SENTENCES, i * _SHARD_SENTENCES + sizes[i])
        texts = translator.tokenizer.decode_batch(map(sources.sentence, numbers))
        places = [(state["source"]["text"], f"sentence {number + 1:,}") for number in numbers]
        state["shards"][str(i)] = _write_shard(
            paths[i], texts, places, translator, is_reversed, progress
        )
        state["files"].update(integrity.fingerprints([paths[i]]))
        manifests.write(manifests.partial_path(data_dir, name), state)
    progress.finish()
    return paths


def _check_done(paths, pairs, state):
    """Refuses damaged record files of an earlier call; notes those of an earlier version."""
    files = state.setdefault("files", {})
    integrity.check_files([path for path in paths if path.name in files], files)
    older = [i for i, path in enumerate(paths) if path.name not in files]
    records.check_shards([paths[i] for i in older], [pairs[i] for i in older])
    files.update(integrity.fingerprints([paths[i] for i in older]))


def _write_shard(path, texts, places, translator, is_reversed, progress):
    """Translates `texts` and writes one record file; returns its pairs and its report."""
    longest = translator.lengths[-1]
    fits = [len(ids) <= longest for ids in encode_lines(translator.tokenizer, texts, longest)]
    translations = []
    for start in range(0, len(texts), _CHUNK_SENTENCES):
        part = slice(start, start + _CHUNK_SENTENCES)
        # An empty line takes no time, and gives an empty line.
        lines = [text if fit else "" for text, fit in zip(texts[part], fits[part], strict=True)]
        translations += translator.translate(lines)
        progress.add(len(lines))
    report = text_files.Report()
    pairs, kept = [], []
    for text, fit, translation, place in zip(texts, fits, translations, places, strict=True):
        if not fit:
            report.add(f"longer than {longest} tokens, as long as the teacher takes", text, place)
        elif not translation.strip():
            report.add("empty translation", text, place)
        else:
            pairs.append((translation, text) if is_reversed else (text, translation))
            kept.append((text, place))
    stats = workers.write_shard(translator.tokenizer, path, pairs, datagen.MAX_LENGTH)
    for i in stats.over_long:
        report.add(f"longer than {datagen.MAX_LENGTH} tokens with the translation", *kept[i])
    return {"pairs": sum(stats.histogram), "report": report.to_dict()}


def _copy_rest(problem, teacher_data_dir, data_dir, name, tokenizer):
    """Writes vocabulary, validation and test set; returns the paths."""
    vocabulary = corpus_files.vocab_path(data_dir, name)
    atomic.write_bytes(vocabulary, tokenizer.model_bytes)
    written = [vocabulary]
    teacher = problem.manifest(teacher_data_dir)
    for split, about in teacher["splits"].items():
        if split == "train":
            continue
        places = (teacher_data_dir, problem.corpus_name), (data_dir, name)
        texts = [corpus_files.text_path(*place, split) for place in places]
        shards = [
            corpus_files.shard_paths(*place, split, about.get("shards", 0)) for place in places
        ]
        for old, new in [texts, *zip(*shards, strict=True)]:
            atomic.write_bytes(new, integrity.read_bytes(old, teacher.get("files")))
            written.append(new)
    return written


def _write_manifest(data_dir, name, state, paths, teacher_manifest, report):
    shards = [state["shards"][str(i)] for i in range(len(paths))]
    for shard in shards:
        report.include(text_files.Report.from_dict(shard["report"]))
    shard_pairs = [shard["pairs"] for shard in shards]
    if not any(shard_pairs):
        raise InvalidError(
            f"No translation of the teacher can be used: {' '.join(report.summary())} Train the "
            "teacher for longer, or choose another."
        )
    sides = records.read_records(paths, teacher_manifest["vocab_size"], shard_pairs, state["files"])
    longer = np.maximum(*(side.lengths for side in sides))
    train = {
        "pairs": len(longer),
        "report": report.to_dict(),
        "shards": len(shards),
        "shard_pairs": shard_pairs,
        "histogram": np.bincount(longer, minlength=datagen.MAX_LENGTH + 1).tolist(),
    }
    manifest = {
        **state,
        "vocab_size": teacher_manifest["vocab_size"],
        "splits": {**teacher_manifest["splits"], "train": train},
        "files": dict(sorted(state["files"].items())),
    }
    datagen.log_reports(manifest)
    manifests.write(manifests.path(data_dir, name), manifest)
    manifests.partial_path(data_dir, name).unlink(missing_ok=True)
