"""Starts scripted servers."""

import pytest
from scripted import Scripted, Step, problem, said


@pytest.fixture
def fm_server():
    """A scripted server; set `.script` before calling it. Its helpers: `.said(...)`, `.problem(...)`, `.Step`."""
    server = Scripted()
    server.said, server.problem, server.Step = said, problem, Step
    yield server
    server.close()
