"""The commands; one small file each, which parses flags and calls one function."""
