"""Models for serving, without this package."""
