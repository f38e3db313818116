"""The environment: many levels side by side, reset from pools, counted as they run."""
