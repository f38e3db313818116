"""Hydra configuration: one folder a group; the schema is `dicode.config`."""
