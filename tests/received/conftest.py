"""Runs as somebody else might send them: made without training, then spoilt in every way."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def secret_of_this_test(tmp_path_factory, monkeypatch) -> Path:
    """A user of its own: what one test seals, and the real user's secret, are unknown to another."""
    place = tmp_path_factory.mktemp("config")
    monkeypatch.setenv("DICODE_CONFIG", str(place))
    return place


@pytest.fixture
def stopped(monkeypatch):
    """The commands up to where the first program would be compiled; there they end with the sentence `would compile`."""
    from dicode.commands import evaluate, launch
    from dicode.errors import RunError

    def stop(*_, **__):
        raise RunError("would compile")

    monkeypatch.setattr(launch, "_loop", stop)
    monkeypatch.setattr(launch, "_fits", lambda *_: None)
    monkeypatch.setattr(evaluate, "open_trainer", stop)
