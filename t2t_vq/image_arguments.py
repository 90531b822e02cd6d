"""Arguments of codecs of images, whatever computes them; imports nothing heavy."""

import numpy as np


def labels_to_draw(num, labels, num_classes, temperature):
    """Returns the classes of images to draw, int32 `[num]`.

    Args:
        num: number of images.
        labels: integers `[num]`, or None: all classes in turn.
        num_classes: that the prior is told; 0 if none.
        temperature: of the prior.

    Raises:
        ValueError: for what cannot be drawn.
    """
    if num < 0:
        raise ValueError(f"num={num} is no number of images. Give 0 or more.")
    if not temperature > 0:
        raise ValueError(f"temperature={temperature} cannot be drawn with. Give more than 0.")
    if labels is None:
        return (np.arange(num) % max(num_classes, 1)).astype(np.int32)
    if not num_classes:
        raise ValueError("This model's prior is told no classes. Leave labels out.")
    labels = np.asarray(labels)
    if labels.shape != (num,) or ((labels < 0) | (labels >= num_classes)).any():
        raise ValueError(
            f"labels are one class for each of {num} images, from 0 to {num_classes - 1}, and "
            f"these are {labels.tolist()}. Correct them, or leave them out."
        )
    return labels.astype(np.int32)


def check_codes(codes, num_codes):
    """Refuses codes that a codebook does not have.

    Args:
        codes: integers.
        num_codes: K.

    Raises:
        ValueError: then.
    """
    if codes.size and not 0 <= codes.min() <= codes.max() < num_codes:
        raise ValueError(
            f"Codes are from 0 to {num_codes - 1}, and these from {codes.min()} to {codes.max()}. "
            "Give those of a model with this codebook."
        )
