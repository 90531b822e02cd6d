"""The same weights in every run, so that a tolerance holds always or never."""

import keras
import pytest


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)
