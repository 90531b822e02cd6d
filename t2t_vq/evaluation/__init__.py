"""Scores of trained models, for commands and Python alike."""
