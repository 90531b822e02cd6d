"""Runs exported folders, and tells what came of each: `python scripts/try_runtime.py FOLDER ...`.

For an environment that holds neither TensorFlow nor Keras, which it refuses.
"""

import importlib.util
import sys

import numpy as np

from t2t_vq import runtime


def main(folders):
    for name in ("tensorflow", "keras"):
        if importlib.util.find_spec(name):
            sys.exit(f"{name} is installed here, and the runtime is to be tried without it.")
    for folder in folders:
        model = runtime.load(folder)
        if hasattr(model, "translate"):
            print(f"{folder}: {model.translate(['The dog sleeps.', ''])}")
        else:
            codes = model.encode(np.zeros((2, 32, 32, 3), "uint8"))
            print(f"{folder}: codes {codes.shape}, images {model.decode(codes).shape}")


if __name__ == "__main__":
    main(sys.argv[1:])
