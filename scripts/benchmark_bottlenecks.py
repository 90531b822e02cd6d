#!/usr/bin/env python3
"""Times the steps of a codebook, each beside the bare distance matmul, and prints one table.

    python scripts/benchmark_bottlenecks.py
    python scripts/benchmark_bottlenecks.py --shapes 65536x256x1024 2048x512x65536 --cases hard soft
    python scripts/benchmark_bottlenecks.py --output rows.jsonl

A shape is NxDxK: vectors, their dimension, codes. The default takes a few minutes on two CPU cores.
On a machine with a GPU everything runs on it; hide it (CUDA_VISIBLE_DEVICES=) to time the CPU.

`forward` is everything that a training step asks of a codebook: codes, samples, quantized vectors,
and counts and sums for the M-step. `backward` adds the gradient of a straight-through output and
of the commitment loss with respect to the vectors. Both are given in milliseconds, and in multiples
of the product [N, D] x [D, K], compiled by XLA, which runs in turn with them: medians of the ratio
of neighbours. `memory` is the peak of a forward pass above what was there before it, in MiB and in
multiples of the logits [N, K]; on a CPU some tens of MiB of it are the compiler's. Every row is
measured in a process of its own.

Cases: `hard`; `soft-1` and `soft`, with one sample a vector and with `--samples`; `exact`, the
posterior mean; all four compiled by XLA. `reference-graph` and `reference-xla`: soft assignment as
published with the paper, by `tf.random.categorical` and one-hot products. `vqp`: the hard
`VectorQuantize` of vector-quantize-pytorch, whose forward pass includes the moving averages.
"""

import argparse
import concurrent.futures
import importlib.util
import json
import multiprocessing
import os
import pathlib
import re
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# The threads of PyTorch would otherwise spin for a while after their work, at TensorFlow's expense.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ["KERAS_BACKEND"] = "tensorflow"

import tensorflow as tf
from keras import ops
from provenance import provenance

from t2t_vq import em

SHAPES = ("2048x512x4096", "16384x256x512", "2048x64x65536")
CASES = ("hard", "soft-1", "soft", "exact", "reference-graph", "reference-xla", "vqp")
# In high dimensions distances are large: this leaves a posterior of some nats.
TEMPERATURE = 16.0
MIN_REPETITIONS = 3


def main():
    arguments = parsed_arguments()
    print("\n".join(f"{name}: {value}" for name, value in environment().items()), flush=True)
    rows = []
    for shape in arguments.shapes:
        print(f"\n{'x'.join(map(str, shape))}, {arguments.samples} samples\n{HEADER}", flush=True)
        for case in arguments.cases:
            row = measured_apart(case, shape, arguments.samples, arguments.seconds)
            print(line(row), flush=True)
            rows.append(row)
    if arguments.output:
        with open(arguments.output, "w", encoding="utf-8") as file:
            file.writelines(json.dumps({**environment(), **row}) + "\n" for row in rows)


def parsed_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shapes", nargs="+", type=parsed_shape, help="NxDxK, several if you like")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=CASES, metavar="CASE")
    parser.add_argument("--samples", type=positive, default=10, help="m, of soft and reference")
    parser.add_argument("--seconds", type=float, default=2.0, help="to repeat each row for")
    parser.add_argument("--output", type=pathlib.Path, help="file for the rows, as JSON lines")
    arguments = parser.parse_args()
    arguments.shapes = arguments.shapes or [parsed_shape(shape) for shape in SHAPES]
    return arguments


def positive(text):
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' must be a whole number of at least 1.")
    return int(text)


def parsed_shape(text):
    shape = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)x([1-9]\d*)", text)
    if not shape:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a shape. Write vectors x dimension x codes, as in 2048x512x4096."
        )
    return tuple(map(int, shape.groups()))


def environment():
    """Where the numbers come from."""
    return provenance(["tensorflow", "keras", "torch", "vector-quantize-pytorch"])


def measured_apart(case, shape, num_samples, seconds):
    """Runs `measured` in a process of its own, or says in the row why not."""
    row = {"case": case, "shape": shape, "samples": num_samples}
    num_rows, _, num_codes = shape
    # One-hot samples, noise of that size, and what else XLA makes of them.
    needed = 8 * 4 * num_rows * num_samples * num_codes
    if case == "vqp" and not importlib.util.find_spec("vector_quantize_pytorch"):
        return {**row, "skipped": "vector-quantize-pytorch is not installed (extra [bench])."}
    if case.startswith("reference") and needed > physical_memory():
        return {**row, "skipped": f"It may need {needed / 2**30:.0f} GiB, which are not here."}
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
        try:
            return {**row, **pool.submit(measured, case, shape, num_samples, seconds).result()}
        except (tf.errors.ResourceExhaustedError, concurrent.futures.BrokenExecutor):
            return {**row, "skipped": "It ran out of memory."}


def physical_memory():
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def measured(case, shape, num_samples, seconds):
    """Times a case in turn with the bare matmul.

    Returns:
        A dict: device, `matmul_ms`, `forward_ms`, `forward_ratio`, `backward_ms`,
        `backward_ratio`, `memory_mib`, `memory_ratio`.
    """
    num_rows, dim, num_codes = shape
    normal = tf.random.Generator.from_seed(0).normal
    x, codebook = normal((num_rows, dim)), normal((num_codes, dim))
    product = compiled(lambda x, codebook: ops.matmul(x, ops.transpose(codebook)))
    make = vector_quantize_pytorch if case == "vqp" else ours_or_reference
    runs = {"matmul": lambda: product(x, codebook)}
    runs["forward"], runs["backward"] = make(case, x, codebook, num_samples)
    # A small forward pass first: what compilers take does not count. No large one: TensorFlow keeps
    # the memory of what has run, and a second run would seem to need none.
    small_forward, _ = make(case, x[:8], codebook[:8], num_samples)
    timed(small_forward)
    memory = peak_memory(runs["forward"], case)
    for run in (runs["matmul"], runs["backward"]):
        timed(run)

    times = {name: [] for name in runs}
    end = time.perf_counter() + seconds
    while len(times["matmul"]) < MIN_REPETITIONS or time.perf_counter() < end:
        for name, run in runs.items():
            times[name].append(timed(run))
    gpus = tf.config.list_physical_devices("GPU")
    details = tf.config.experimental.get_device_details(gpus[0]) if gpus else {}
    row = {"device": details.get("device_name", "CPU")}
    row["matmul_ms"] = 1e3 * statistics.median(times["matmul"])
    for name in ("forward", "backward"):
        row[f"{name}_ms"] = 1e3 * statistics.median(times[name])
        ratios = [a / b for a, b in zip(times[name], times["matmul"], strict=True)]
        row[f"{name}_ratio"] = statistics.median(ratios)
    if memory is not None:
        row["memory_mib"] = memory / 2**20
        row["memory_ratio"] = memory / (4 * num_rows * num_codes)
    return row


def timed(run):
    start = time.perf_counter()
    run()
    tf.test.experimental.sync_devices()
    return time.perf_counter() - start


def compiled(function):
    return tf.function(function, jit_compile=True)


def ours_or_reference(case, x, codebook, num_samples):
    """Forward and backward of a TensorFlow case, as functions without arguments."""
    weights = tf.ones(len(x))
    steps = {"hard": hard, "soft-1": soft, "soft": soft, "exact": exact}
    step = steps.get(case, reference)
    samples = 1 if case == "soft-1" else num_samples
    uniforms = tf.random.Generator.from_seed(1).uniform((len(x), samples))

    def backward(x, weights, codebook, uniforms):
        with tf.GradientTape() as tape:
            tape.watch(x)
            quantized, *rest = step(x, weights, codebook, uniforms)
            output = em.straight_through(x, quantized)
            commitment = ops.sum(ops.square(x - ops.stop_gradient(quantized)))
            loss = ops.sum(ops.square(output)) + commitment
        return tape.gradient(loss, x), rest

    compile_ = tf.function if case == "reference-graph" else compiled
    both = [compile_(function) for function in (step, backward)]
    return [lambda run=run: run(x, weights, codebook, uniforms) for run in both]


def hard(x, weights, codebook, uniforms):
    codes = em.hard_assignment(x, codebook)
    quantized = ops.take(codebook, codes, axis=0)
    return quantized, codes, em.code_statistics(x, weights, codes[:, None], codebook.shape[0])


def soft(x, weights, codebook, uniforms):
    codes, samples, entropy = em.soft_assignment(x, codebook, TEMPERATURE, uniforms)
    quantized = ops.mean(ops.take(codebook, samples, axis=0), axis=1)
    moments = em.code_statistics(x, weights, samples, codebook.shape[0])
    return quantized, codes, samples, entropy, moments


def exact(x, weights, codebook, uniforms):
    logits = em.posterior_logits(x, codebook, TEMPERATURE)
    posterior = ops.stop_gradient(ops.softmax(logits, axis=-1))
    moments = em.posterior_statistics(x, weights, posterior)
    quantized = ops.matmul(posterior, codebook)
    return quantized, em.most_probable(logits), em.posterior_entropy(logits), moments


def reference(x, weights, codebook, uniforms):
    distances = (
        ops.sum(ops.square(x), axis=-1, keepdims=True)
        - 2.0 * ops.matmul(x, ops.transpose(codebook))
        + ops.sum(ops.square(codebook), axis=-1)
    )
    samples = tf.random.categorical(-distances / TEMPERATURE, uniforms.shape[-1])
    shares = ops.mean(ops.one_hot(samples, codebook.shape[0]), axis=1)
    moments = em.posterior_statistics(x, weights, shares)
    return ops.matmul(shares, codebook), samples, moments


def vector_quantize_pytorch(case, x, codebook, num_samples):
    """Forward and backward of vector-quantize-pytorch, as functions without arguments."""
    import torch
    from vector_quantize_pytorch import VectorQuantize

    device = "cuda" if tf.config.list_physical_devices("GPU") else "cpu"
    layer = VectorQuantize(codebook.shape[1], codebook.shape[0]).to(device)
    layer.codebook = torch.from_numpy(codebook.numpy()).to(device)
    vectors = torch.from_numpy(x.numpy())[None].to(device).requires_grad_()

    def finish():
        if device == "cuda":
            torch.cuda.synchronize()

    def forward():
        with torch.no_grad():
            layer(vectors)
        finish()

    def backward():
        vectors.grad = None
        quantized, _, commitment = layer(vectors)
        (quantized.square().sum() + commitment.sum()).backward()
        finish()

    return forward, backward


def peak_memory(run, case):
    """Bytes that a run holds at most, above what was held before it; None where nobody tells."""
    if tf.config.list_physical_devices("GPU"):
        return peak_device_memory(run, case)
    status, reset = pathlib.Path("/proc/self/status"), pathlib.Path("/proc/self/clear_refs")
    if not reset.exists():
        return None

    def kilobytes(name):
        return int(re.search(rf"{name}:\s*(\d+) kB", status.read_text())[1])

    reset.write_text("5")
    before = kilobytes("VmRSS")
    run()
    return 1024 * (kilobytes("VmHWM") - before)


def peak_device_memory(run, case):
    if case == "vqp":
        import torch

        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run()
        return torch.cuda.max_memory_allocated() - before
    tf.config.experimental.reset_memory_stats("GPU:0")
    before = tf.config.experimental.get_memory_info("GPU:0")["current"]
    timed(run)
    return tf.config.experimental.get_memory_info("GPU:0")["peak"] - before


HEADER = (
    f"{'case':16}{'matmul ms':>10}{'forward ms':>11}{'x matmul':>9}{'backward ms':>12}"
    f"{'x matmul':>9}{'memory MiB':>11}{'x logits':>9}"
)


def line(row):
    """One row of the table."""
    if "skipped" in row:
        return f"{row['case']:16}{row['skipped']}"
    memory = f"{row['memory_mib']:11.1f}{row['memory_ratio']:9.2f}" if "memory_mib" in row else ""
    return (
        f"{row['case']:16}{row['matmul_ms']:10.2f}{row['forward_ms']:11.2f}"
        f"{row['forward_ratio']:9.2f}{row['backward_ms']:12.2f}{row['backward_ratio']:9.2f}{memory}"
    )


if __name__ == "__main__":
    main()
