"""A dreamer that asks the scripted server, and its replay."""

from cows import Grammar, validate
from scripted import no_sockets

from dicode.dreaming.client import OpenAIClient, Patience
from dicode.dreaming.dreamer import Dreamer
from dicode.dreaming.foundation import FoundationDreamer, RoundSettings
from dicode.dreaming.journal import Journal
from dicode.dreaming.ledger import Ledger
from dicode.dreaming.providers import Endpoint, Key
from dicode.dreaming.settings import DreamerConfig, FmConfig
from dicode.games.craftax.host import HOST
from dicode.streams import Streams

SECRET = "sk-verysecret0123456789"
QUICK = Patience(first_s=0.01, longest_s=0.02, longest_retry_after_s=0.5)


OPEN: dict[object, Journal] = {}
"""The journal that a test has open in a folder."""


def dreamer(server, folder, mode="record", ledger=None, fallback=True, **settings):
    fm = {
        "provider": "vllm",
        "model": "m",
        "base_url": server.url,
        "key_env": "FM_KEY",
        "timeout_s": 10.0,
        "retries": 2,
        "concurrency": 4,
    }
    fm |= {name: settings.pop(name) for name in list(settings) if name in fm}
    endpoint = Endpoint(**fm)
    if mode != "replay" and folder in OPEN:
        OPEN[folder].close()  # as a run that ends does; the next one may write only then
    journal = Journal(folder / "journal", mode)
    if mode != "replay":
        OPEN[folder] = journal

    def open_client():
        assert mode != "replay", "a replay opened a client"
        return OpenAIClient(endpoint, Key("FM_KEY", SECRET), QUICK)

    mine = {name: settings.pop(name) for name in list(settings) if name in DreamerConfig.__dataclass_fields__}
    dreaming = DreamerConfig(**({"stages": 1, "deadline_s": 20.0} | mine))
    settings = RoundSettings.from_config(FmConfig(**settings), dreaming)
    ledger = ledger or Ledger(endpoint.provider, endpoint.model)
    made = FoundationDreamer(
        HOST,
        endpoint,
        settings,
        Streams(0),
        journal,
        ledger,
        open_client,
        Grammar() if fallback is True else fallback or None,
    )
    assert isinstance(made, Dreamer)
    return made


def replayed(server, folder, rounds, **settings):
    """The outcomes of a replay, during which nothing may open a socket."""
    replay = dreamer(server, folder, "replay", **settings)
    with no_sockets():
        return [replay.dream(briefs, validate) for briefs in rounds]
