"""Models, each registered under its name."""
