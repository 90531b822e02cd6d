"""From text to batches: files, vocabulary, records and pipelines."""
