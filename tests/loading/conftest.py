"""What tests of loading share."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def little_to_compile(one_length):
    """For all tests of this folder."""
