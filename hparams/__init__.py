"""Named hyper-parameter sets; one file a model family."""
