"""Makes this folder's helpers importable, and starts scripted servers."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from scripted import Scripted, Step, problem, said


@pytest.fixture
def fm_server():
    """A scripted server; set `.script` before calling it. Its helpers: `.said(...)`, `.problem(...)`, `.Step`."""
    server = Scripted()
    server.said, server.problem, server.Step = said, problem, Step
    yield server
    server.close()
