"""The device side of a run: batches, the compiled programs, one cycle of training."""
