"""Training: one loop for one device or many, resumable to the bit."""
