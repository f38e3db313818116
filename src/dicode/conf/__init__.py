"""Hydra configuration: one folder a group; the settings are those of `dicode.config.Config`."""
