#!/usr/bin/env python3
"""Measures what no translation can be faster than: the machine's memory and its multiplications.

    python scripts/translation_floor.py 2

Prints a line of JSON for so many processors: `gb_per_second`, as fast as each reads an array of its
own that no cache holds, and by precision `gflop_per_second`, of products of large square matrices
in OpenVINO; null where the processor lacks a precision.
"""

import concurrent.futures
import json
import os
import sys
import time

import numpy as np

# Numbers of an array, 256 MB.
_LONG = 2**26
# Rows and columns of a matrix, and products one after the other.
_SIZE, _PRODUCTS = 2048, 4
_BYTES = {"float32": 4, "bfloat16": 2, "int8": 1}
_TYPES = {"float32": "f32", "bfloat16": "bf16", "int8": "f32"}
_TIMES = 5


def main():
    threads = int(sys.argv[1])
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    rates = {precision: gflop_per_second(precision, threads) for precision in _BYTES}
    print(json.dumps({"gb_per_second": gb_per_second(threads), "gflop_per_second": rates}))


def floor_ms(weights, operations, precision, measured):
    """Returns the smallest time in ms: of reading each weight once, or of multiplying.

    Args:
        weights: number of them.
        operations: multiplications and additions.
        precision: "float32", "bfloat16" or "int8".
        measured: what this script prints.
    """
    reading = weights * _BYTES[precision] / measured["gb_per_second"]
    rate = measured["gflop_per_second"][precision]
    # Where the processor lacks the precision, nobody knows what takes its place.
    return max(reading, operations / rate if rate else 0.0) / 1e6


def gb_per_second(threads, length=_LONG):
    """Returns how fast memory gives what it holds to threads that each read their own."""
    arrays = [np.ones(length, np.float32) for _ in range(threads)]
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        # A maximum is found as fast as memory gives the numbers.
        fastest = _fastest(lambda: list(pool.map(np.max, arrays)))
    return 4 * length * threads / fastest / 1e9


def gflop_per_second(precision, threads, size=_SIZE):
    """Returns how fast OpenVINO multiplies large matrices, or None where it cannot."""
    import openvino

    core = openvino.Core()
    capabilities = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if precision == "bfloat16" and "BF16" not in capabilities:
        return None
    options = {
        "INFERENCE_PRECISION_HINT": _TYPES[precision],
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
    }
    compiled = core.compile_model(_products(precision, size), "CPU", options)
    request = compiled.create_infer_request()
    x = np.random.default_rng(0).uniform(-1, 1, (size, size)).astype(np.float32)
    fastest = _fastest(lambda: request.infer({0: x}, share_inputs=True))
    return _PRODUCTS * 2 * size**3 / fastest / 1e9


def _products(precision, size):
    """Returns a network of products with constants, quantised as an int8 export has them."""
    import openvino
    from openvino import opset13 as ops

    random = np.random.default_rng(0)
    x = given = ops.parameter([size, size], np.float32)
    for _ in range(_PRODUCTS):
        if precision == "int8":
            low, high = np.float32(-4.0), np.float32(4.0)
            x = ops.fake_quantize(x, low, high, low, high, 256)
            weights = random.integers(-127, 128, (size, size), np.int8)
            scale = np.float32(size**-0.5 / 64)
            factor = ops.multiply(ops.convert(ops.constant(weights), np.float32), scale)
        else:
            factor = ops.constant(random.normal(0, size**-0.5, (size, size)).astype(np.float32))
        x = ops.matmul(x, factor, False, True)
    return openvino.Model([x], [given], "products")


def _fastest(function):
    times = []
    # Once more, as the first call prepares what the others use.
    for _ in range(1 + _TIMES):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times[1:])


if __name__ == "__main__":
    main()
