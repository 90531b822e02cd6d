"""Lets the tests of this folder import the table and what they share."""

import pathlib
import sys

# Also done by Python itself for the script that runs the table on JAX.
sys.path.append(str(pathlib.Path(__file__).parent))
