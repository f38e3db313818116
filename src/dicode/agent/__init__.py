"""Agents: what an observation, a memory and a goal become as logits and a value.

An agent is a record of pure functions (`types.Agent`); it is built from an `ObservationSpec` and names
no block and no mob. `make.make_agent` builds one from its settings. This file imports nothing, so that the
settings can be read without JAX.
"""
