#!/usr/bin/env python3
"""Reproduces the paper's translation table: one row a configuration, quality and speed in one run.

    python scripts/reproduce_translation.py --work_dir=table --source_dir=multi30k
    python scripts/reproduce_translation.py --work_dir=table --source_dir=multi30k --rows em vq
    python scripts/reproduce_translation.py --work_dir=table --problem=translate_ende_synthetic \\
        --size=tiny --rows em em-raw masked
    python scripts/reproduce_translation.py --work_dir=table --source_dir=ende --size=base \
        --extra_tests tier1=tier1.tsv newstest2014=newstest2014.tsv
    python scripts/reproduce_translation.py --work_dir=table --print

Trains a teacher, distils with it, trains a student for each row and measures it beside the teacher.
A second call goes on where the first stopped. Every measurement is a line of JSON in
WORK_DIR/results.jsonl with its seed, updates, commit and machine; --print shows them as the table
for docs/figures.

A row of the table is a model and a search: greedy; the teacher's choice, or the model's own, among
ten candidates; decoding once more from the translation's own codes. `ms` is the median latency of a
sentence alone, tokens to tokens, after compilation, over the first hundred of the test text, and
`x AR` how many times faster than the teacher's greedy decoding, measured in turn with it.
`sentences/s` is the best over batch sizes. Greedy rows also show, on the validation text, what
limits them: `reconstruction`, BLEU when the decoder is given the codes of the reference; `latent
accuracy`, of predicting those codes, each with the ones before it known (`masked`: with none
known); `perplexity`, the effective number of codes in use. `--searches` takes some of the searches
only (those with passes are of `masked` rows), and `--no_speed` leaves the times out, which mean
nothing where other work runs too. What was measured before stays as it is.

`--extra_tests` scores every row on further texts too, files of English, tab, German. A corpus whose
third column says where a pair is from is scored by part after, for instance,
`awk -F'\\t' '$3 == 1' test.tsv > tier1.tsv`; training and scoring read two columns and ignore more.
"""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import ctranslate2
import keras
import numpy as np
import tensorflow as tf
from experiments import (
    add_flags,
    append_row,
    command,
    is_measured,
    joined,
    markdown,
    read_rows,
    sized,
    train,
)
from provenance import provenance

from t2t_vq import load, processors, registry
from t2t_vq import run as runs
from t2t_vq.data import text_files
from t2t_vq.decoding.options import Search
from t2t_vq.evaluation.translations import score_translations
from t2t_vq.export.ctranslate2 import export_ctranslate2
from t2t_vq.metrics.bleu import bleu
from t2t_vq.run import Run

TEACHER = "teacher"
# Overrides of softem_nat of the size asked for.
DISTILLED = {
    "em": "",
    "vq": "bottleneck=vq",
    **{f"em-nc{n}": f"compress_steps={n}" for n in (2, 3, 4)},
    **{f"vq-nc{n}": f"bottleneck=vq,compress_steps={n}" for n in (2, 3, 4)},
    "em-m1": "bottleneck.num_samples=1",
    "em-m5": "bottleneck.num_samples=5",
    "em-exact": "bottleneck.num_samples=none",
    **{f"em-k{k}": f"bottleneck.num_codes={k}" for k in [2**i for i in range(8, 15)]},
    "em-t2": "bottleneck.temperature=2",
    "em-relative": "bottleneck.temperature=0.05,bottleneck.relative_temperature=true",
    "em-through": "bottleneck.temperature=0.05,bottleneck.relative_temperature=true,"
    "bottleneck.through_posterior=true",
    "em-cooling": "bottleneck.temperature=8,bottleneck.temperature_steps=2000",
    "em-shallow": "predictor_layers=1",
    "em-predicted": "predicted_latents=0.5",
    "em-unpredicted": "predicted_latents=0",
    "masked": "predictor=masked",
    "masked-vq": "predictor=masked,bottleneck=vq",
}
RAW = "-raw"
# The same on people's translations.
ROWS = DISTILLED | {name + RAW: overrides for name, overrides in DISTILLED.items()}
SEARCHES = {
    "greedy": (Search(), None),
    "latent beam 10, rescored": (Search(beam_size=10), TEACHER),
    "10 samples, rescored": (Search(num_samples=10), TEACHER),
    "latent beam 10, own choice": (Search(beam_size=10), "self"),
    "refined once": (Search(refinements=1), None),
}
MASKED_SEARCHES = {
    "2 passes": (Search(passes=2), None),
    "4 passes": (Search(passes=4), None),
}
IN_CTRANSLATE2 = "CTranslate2"
TEACHER_SEARCHES = {
    "greedy": (Search(), None),
    "beam 4": (Search(beam_size=4), None),
    "greedy, CTranslate2": (Search(), IN_CTRANSLATE2),
    "beam 4, CTranslate2": (Search(beam_size=4), IN_CTRANSLATE2),
}
LATENCY_SENTENCES = 100
BATCH_SIZES = (64, 256, 1024)


def main():
    arguments = parsed_arguments()
    work_dir = pathlib.Path(arguments.work_dir)
    results = work_dir / "results.jsonl"
    if arguments.print:
        print(table(read_rows(results)))
        return
    # Read before anything is trained, so that a mistake in them is told at once.
    tests = {name: read_test(path, arguments.problem) for name, path in arguments.extra_tests}
    sets = {name: hparams_of(name, arguments) for name in (TEACHER, *arguments.rows)}
    students = different(sets, arguments)
    work_dir.mkdir(parents=True, exist_ok=True)
    teacher = work_dir / "runs" / TEACHER
    train(arguments, teacher, arguments.problem, sets[TEACHER], arguments.teacher_steps, 0)
    command("distill", f"--teacher_dir={teacher}", f"--beam_size={arguments.distill_beam}")
    measure(arguments, results, TEACHER, 0, teacher, teacher, TEACHER_SEARCHES, tests)
    for seed in arguments.seeds:
        for name in students:
            output_dir = work_dir / "runs" / f"{name}-seed{seed}"
            problem = problem_of(name, arguments)
            train(arguments, output_dir, problem, sets[name], arguments.train_steps, seed)
            searches = SEARCHES | (MASKED_SEARCHES if "masked" in ROWS[name] else {})
            searches = {each: searches[each] for each in searches if each in arguments.searches}
            measure(arguments, results, name, seed, output_dir, teacher, searches, tests)
    print(table(read_rows(results)))


def hparams_of(name, arguments):
    """Returns a row's set with its overrides, as --hparams takes it."""
    if name == TEACHER:
        return joined(f"transformer_{arguments.size}", arguments.teacher_overrides)
    return joined(sized("softem_nat", arguments.size), ROWS[name], arguments.overrides)


def problem_of(name, arguments):
    """Returns the problem that a row trains on."""
    own_text = name == TEACHER or name.endswith(RAW)
    return arguments.problem if own_text else f"{arguments.problem}_distill"


def different(sets, arguments):
    """Returns the students to train: rows whose values the size has anyway are named and left out.

    Raises:
        ValueError: when a set, an override or the problem is wrong.
    """
    resolved, names = {}, []
    for name, hparams in sets.items():
        problem = problem_of(name, arguments)
        key = problem, repr(Run.create(problem, hparams, data_dir="").hparams)
        if key in resolved:
            print(f"{name} is {resolved[key]} at this size.", file=sys.stderr)
            continue
        resolved[key] = name
        names.append(name)
    return names[1:]


def parsed_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    sizes = ("tiny", "small", "base", "big")
    add_flags(parser, "translate_ende_local", sizes, list(ROWS))
    add = parser.add_argument
    add("--teacher_steps", type=int, help="updates of the teacher; else the set's")
    add("--distill_beam", type=int, default=4)
    add("--teacher_overrides", default="", help="of the teacher's set")
    searches = list(SEARCHES | MASKED_SEARCHES)
    add(
        "--searches",
        nargs="+",
        default=searches,
        choices=searches,
        metavar="SEARCH",
        help=f"of the students: {'; '.join(searches)}",
    )
    add("--no_speed", action="store_true", help="leave the times out")
    add(
        "--extra_tests",
        nargs="+",
        type=named_file,
        default=[],
        metavar="NAME=FILE.tsv",
        help="texts to score besides the problem's own; rows measured before stay as they are",
    )
    return parser.parse_args()


def named_file(text):
    """Returns the name and the path that an argument NAME=FILE gives."""
    name, equals, path = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FILE.tsv.")
    if not os.path.isfile(path):
        raise argparse.ArgumentTypeError(f"there is no file {path}.")
    return name, pathlib.Path(path)


def read_test(path, problem):
    """Returns sources and references of a file, in the direction of the problem."""
    report = text_files.Report()
    pairs = list(text_files.read_pairs([path], report))
    report.check(path)
    for sentence in report.summary():
        print(sentence, file=sys.stderr)
    english, german = zip(*pairs, strict=True)
    return (german, english) if registry.problem(problem).reversed else (english, german)


def measure(arguments, results, name, seed, output_dir, teacher_dir, searches, tests):
    """Appends a line for each search that has none yet."""
    hparams = hparams_of(name, arguments)
    run = runs.load(output_dir)
    for search_name, (search, chooser) in searches.items():
        asked = {
            "row": name,
            "search": search_name,
            "seed": seed,
            "hparams": hparams,
            "updates": run.hparams.train_steps,
            "precision": run.precision,
        }
        if is_measured(asked, read_rows(results)):
            continue
        keras.backend.clear_session()
        rescore_with = {TEACHER: str(teacher_dir), IN_CTRANSLATE2: None}.get(chooser, chooser)
        model = load(output_dir, search=search, rescore_with=rescore_with)
        translator = model.translator
        if chooser == IN_CTRANSLATE2:
            original = load(output_dir).translator
            translator = InCTranslate2(original, search.beam_size, run.precision)
        sources, references = run.make_problem().text(run.data_dir, "test")
        row = {
            **asked,
            "checkpoint": os.path.basename(model.checkpoint),
            **provenance(["tensorflow", "keras", "sacrebleu"]),
            **score_translations(translator, sources, references),
            "extra_tests": {
                test: score_translations(translator, *text) for test, text in tests.items()
            },
        }
        if not arguments.no_speed:
            row |= speed(translator, load(teacher_dir).translator, sources)
        if name != TEACHER and search_name == "greedy":
            row |= diagnosis(translator, run)
        append_row(results, row)


class InCTranslate2:
    """A `Translator`'s model in CTranslate2, in the place of the translator.

    Of a CPU's cores all work on one sentence, and each on batches of its own where there are many.
    """

    def __init__(self, translator, beam_size, precision):
        self.search, self.batch_size = Search(beam_size=beam_size), translator.batch_size
        self._original = translator
        self._pieces = translator.tokenizer.pieces
        self._ids = {piece: i for i, piece in enumerate(self._pieces)}
        device = "cuda" if tf.config.list_physical_devices("GPU") else "cpu"
        kind = precision.removeprefix("mixed_")
        if kind not in ctranslate2.get_supported_compute_types(device):
            kind = "float32"
        cores = processors.usable()
        with tempfile.TemporaryDirectory() as folder:
            export_ctranslate2(translator, folder)
            self._for_one, self._for_many = (
                ctranslate2.Translator(folder, device=device, compute_type=kind, **threads)
                for threads in ({"intra_threads": cores}, {"inter_threads": cores})
            )

    def compile_for(self, sources):
        cut_before = self.num_cut
        self.translate(sources[:8])
        self._original.num_cut = cut_before

    @property
    def num_cut(self):
        return self._original.num_cut

    def encode(self, lines):
        return self._original.encode(lines)

    def translate(self, lines):
        found = self.translate_batch(self.encode(lines))
        return self._original.tokenizer.decode_batch(found)

    def translate_batch(self, sources):
        model = self._for_one if len(sources) == 1 else self._for_many
        # The library sorts by length, and adds the end of a sentence itself.
        found = model.translate_batch(
            [[self._pieces[i] for i in ids[:-1]] for ids in sources],
            beam_size=self.search.beam_size,
            length_penalty=self.search.alpha,
            max_batch_size=self.batch_size,
            max_decoding_length=self._original.model.target_length(max(map(len, sources))),
        )
        return [[self._ids[piece] for piece in result.hypotheses[0]] for result in found]


def speed(translator, teacher, sources):
    """Latency of single sentences, in turn with the teacher's, and throughput."""
    times = {"latency_ms": [], "teacher_latency_ms": []}
    for source in sources[:LATENCY_SENTENCES]:
        for name, decoder in (("latency_ms", translator), ("teacher_latency_ms", teacher)):
            ids = decoder.encode([source])
            decoder.translate_batch(ids)
            start = time.perf_counter()
            decoder.translate_batch(ids)
            times[name].append(1e3 * (time.perf_counter() - start))
    found = {name: statistics.median(values) for name, values in times.items()}
    # Larger batches are tried for as long as they help: each is compiled for every length.
    best, best_rate = None, 0.0
    for size in BATCH_SIZES:
        if best and size > len(sources):
            break
        translator.batch_size = max(1, size // translator.search.num_candidates)
        translator.compile_for(sources)
        start = time.perf_counter()
        translator.translate(sources)
        rate = len(sources) / (time.perf_counter() - start)
        if rate < best_rate:
            break
        best, best_rate = size, rate
    return {**found, "best_batch": best, "best_sentences_per_second": best_rate}


def diagnosis(translator, run):
    """What the codes of the reference tell, on the validation text."""
    model, hparams = translator.model, run.hparams
    batches = run.make_problem().batches(
        run.data_dir,
        batch_tokens=2_048,
        max_length=hparams.max_length,
        num_buckets=hparams.num_buckets,
    )

    @tf.function(autograph=False)
    def examine(batch):
        output = model.training_output(batch, tf.constant(0))
        weight = model.loss_totals(batch)["latents"]
        tokens = model.refine(batch["target"], *model.encode(batch["source"]))
        return tokens, output.metrics["latent_accuracy"] * weight, weight, output.statistics

    rebuilt, references, right, total, statistics_ = [], [], 0.0, 0.0, None
    for batch in batches:
        tokens, hits, weight, found = examine(batch)
        real = np.asarray(batch["target"])[:, 0] != 0
        rebuilt += translator.tokenizer.decode_batch(np.asarray(tokens)[real])
        references += translator.tokenizer.decode_batch(np.asarray(batch["target"])[real])
        right, total = right + float(hits), total + float(weight)
        statistics_ = (
            found if statistics_ is None else tf.nest.map_structure(tf.add, statistics_, found)
        )
    described = {name: float(value) for name, value in model.describe(statistics_).items()}
    return {
        "reconstruction_bleu": bleu(rebuilt, references).score,
        "latent_accuracy": right / total,
        **described,
    }


def table(rows):
    """Returns the measurements as a Markdown table."""
    tests = list(dict.fromkeys(test for row in rows for test in row.get("extra_tests", {})))
    head = [
        *("row", "seed", "updates", "search", "BLEU", "chrF", "ms", "x AR", "sentences/s"),
        *("reconstruction", "latent accuracy", "perplexity"),
        *(f"{test}, BLEU / chrF" for test in tests),
    ]
    return markdown(head, [_cells(row, tests) for row in rows])


def _cells(row, tests):
    if "latency_ms" in row:
        row = row | {"speedup": row["teacher_latency_ms"] / row["latency_ms"]}
    digits = {
        **{"bleu": 1, "chrf": 1, "latency_ms": 1, "speedup": 1, "best_sentences_per_second": 0},
        **{"reconstruction_bleu": 1, "latent_accuracy": 2, "codebook_perplexity": 0},
    }
    extra = [row.get("extra_tests", {}).get(test) for test in tests]
    return [
        *(row["row"], row["seed"], row["updates"], row["search"]),
        *(f"{row[name]:.{places}f}" if name in row else None for name, places in digits.items()),
        *(found and f"{found['bleu']:.1f} / {found['chrf']:.1f}" for found in extra),
    ]


if __name__ == "__main__":
    main()
