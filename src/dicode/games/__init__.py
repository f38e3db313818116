"""Games: each a folder with two records, one for hosts (NumPy), one for devices (JAX)."""
