"""Files that outlive a version of this package; plain Python."""
