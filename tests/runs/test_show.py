"""When a run evaluates itself, and on what; and the sizes that a method has in a preset."""

from types import SimpleNamespace

import pytest

from dicode import config
from dicode.commands import show

pytestmark = pytest.mark.fast

CYCLE = 16 * 32 * 8
"""Steps of a cycle of the smoke preset."""


def made(settings: config.Config) -> show.Screen:
    """What a run without devices and pictures would show."""
    view = SimpleNamespace(show=lambda progress: None, note=lambda text: None)
    run = SimpleNamespace(path=SimpleNamespace(name="r"), evaluation=None)
    return show.Screen(settings, run, None, None, view)


def played(monkeypatch, *words: str) -> list[tuple[int, str, int, int]]:
    """(cycle, suite, worlds, steps) of every evaluation of a run of five cycles."""
    settings = config.load(["preset=smoke", *words])
    found = []

    def evaluate(trainer, params, protocol, folder, about, progress, *task):
        found.append((about["cycle"], protocol.name, protocol.worlds, protocol.steps))
        return {**about, "protocol": protocol.name, "worlds": protocol.worlds, "returns": [0.0]}

    monkeypatch.setattr(show, "evaluate", evaluate)
    monkeypatch.setattr(show, "task", lambda run: None)
    screen = made(settings)
    for cycle in range(settings.num_cycles):
        screen.evaluate(cycle, SimpleNamespace(params=None))
    return found


def test_a_run_evaluates_where_it_crosses_a_multiple_and_at_its_end(monkeypatch):
    words = ("evaluation.worlds=3", "evaluation.steps=7")
    each = played(monkeypatch, *words, f"evaluation.every_steps={2 * CYCLE}")
    assert each == [(cycle, "target", 3, 7) for cycle in (1, 3, 4)]
    odd = played(monkeypatch, *words, f"evaluation.every_steps={1.5 * CYCLE}")
    assert [cycle for cycle, *_ in odd] == [1, 2, 4]
    assert played(monkeypatch, *words) == []


@pytest.mark.parametrize(
    ("every", "takes", "drawn"),
    [(1, 0.1, range(30)), (1, 4.0, (0, 7, 15, 22, 29)), (4, 4.0, (3, 7, 15, 23, 29)), (0, 4.0, (29,))],
)
def test_reports_take_a_twentieth_of_the_time_at_most_but_for_the_last(monkeypatch, every, takes, drawn):
    now, found = [0.0], []
    monkeypatch.setattr(show.time, "monotonic", lambda: now[0])
    screen = made(config.load(["preset=smoke", f"logging.report_every={every}", f"total_steps={30 * CYCLE}"]))

    def report(cycle):
        found.append(cycle.cycle)
        now[0] += takes

    monkeypatch.setattr(screen, "_report", report)
    for cycle in range(30):
        now[0] += 10.0
        screen.draw(SimpleNamespace(cycle=cycle))
    assert found == list(drawn)


@pytest.mark.parametrize(("takes", "drawn"), [(0.01, 64), (0.1, 11), (1.0, 8)])
def test_pictures_of_many_new_levels_take_a_twentieth_of_the_time_but_for_the_first(
    monkeypatch, tmp_path, takes, drawn
):
    now, found = [20.0], []
    monkeypatch.setattr(show.time, "monotonic", lambda: now[0])
    screen = made(config.load(["preset=smoke"]))
    screen._run.path, screen._started = tmp_path, 0.0
    (tmp_path / "report" / "pictures").mkdir(parents=True)

    def sheet(world, level, goal, path):
        found.append(level)
        path.write_text("")
        now[0] += takes

    monkeypatch.setattr(screen, "_game", SimpleNamespace(sheet=sheet))
    monkeypatch.setattr(show, "level_words", lambda record: "")
    levels = [f"{number:012x}" for number in range(64)]
    playables = dict.fromkeys([show.TARGET, *levels], SimpleNamespace(pool={}))
    report = SimpleNamespace(playables=playables, snapshot=SimpleNamespace(levels=dict.fromkeys(playables)))
    screen._picture(report)
    assert found == levels[:drawn]
    now[0] += 1e6
    screen._picture(report)
    assert found == levels, "what was left over is drawn when it trains again"


def test_what_can_t_be_shown_is_a_warning_and_never_the_end_of_training(monkeypatch, tmp_path, caplog):
    def fails(*_):
        raise KeyError("levels")

    screen = made(config.load(["preset=smoke"]))
    screen._run.path = tmp_path
    monkeypatch.setattr(show.pages, "read", fails)
    monkeypatch.setattr(screen, "_game", SimpleNamespace(sheet=fails))
    monkeypatch.setattr(screen, "_dashboards", [SimpleNamespace(evaluated=fails)])
    monkeypatch.setattr(show, "level_words", lambda record: "")
    playables = {"0" * 12: SimpleNamespace(pool={})}
    report = SimpleNamespace(cycle=3, playables=playables, snapshot=SimpleNamespace(levels=playables))
    screen._report(report)
    screen._picture(report)
    screen._evaluated({"protocol": "target", "worlds": 1, "returns": [0.0], "cycle": 0, "env_steps": 1})
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        "the report of cycle 3 could not be drawn: KeyError: 'levels'",
        f"level {'0' * 12} could not be drawn: KeyError: 'levels'",
        "an evaluation could not be sent to a dashboard: KeyError: 'levels'",
    ]


def test_held_out_levels_are_played_once_at_the_end(monkeypatch):
    found = played(monkeypatch, "evaluation.heldout_worlds=5", "evaluation.heldout_steps=9")
    assert found == [(4, "heldout", 5, 9)]


@pytest.mark.parametrize("method", ["dr", "plr", "accel", "sfl"])
@pytest.mark.parametrize("words", [("preset=laptop",), ("experiment=laptop/compare",)])
def test_a_level_of_a_baseline_on_a_laptop_is_one_world(method, words):
    found = config.load([*words, f"method={method}"])
    assert (found.level_slots, found.worlds_per_level, found.target_share, found.updates_per_cycle) == (64, 1, 0.0, 8)
    assert getattr(found.method, "scoring_batch", None) == (128 if method == "sfl" else None)
    assert getattr(found.method, "random_share", 0.5) == 0.5
    assert not getattr(found.method, "robust", False)
    assert config.load([*words, f"method={method}", "level_slots=20"]).level_slots == 20


def test_methods_without_sizes_of_their_own_have_the_presets():
    for words in (["preset=laptop", "method=ppo"], ["preset=laptop"], ["preset=smoke", "method=dr"]):
        assert config.load(words).target_share > 0
