import numpy as np
import pytest

from t2t_vq.data import image_sources
from t2t_vq.data.image_sources.pixels import Report


@pytest.fixture
def read():
    """Function of a folder and a split to its images, labels and report."""

    def read(folder, split="train"):
        report = Report()
        chunks = list(image_sources.find(folder).images(split, report))
        return *(np.concatenate(part) for part in zip(*chunks, strict=True)), report

    return read
