"""Levels in other people's trainers: load a file, make an environment, speak gymnax's or Gymnasium's interface."""
