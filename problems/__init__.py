"""Tasks, each registered under its name; one file a family."""
