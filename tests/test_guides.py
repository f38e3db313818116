"""The guides of docs/: their code runs, and the files and names that they point at are there."""

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import yaml
from toy import Toy, make, record_of, toy_text, train

from dicode import methods, words
from dicode.dreaming import providers
from dicode.dreaming.dreamer import Dreamer
from dicode.errors import ConfigError, LevelError
from dicode.games.craftax.levels import rule_spec
from dicode.games.craftax.levels import rules as craftax_rules
from dicode.games.level_text import parse_level
from dicode.methods import registry
from dicode.methods.settings import Scored
from dicode.settings import section
from dicode.streams import Streams
from dicode.types import TARGET, Accepted, Brief, Draft, Origin, ParentReport

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.glob("add-a-*.md")), DOCS / "one-level.md", DOCS / "one-cycle.md", ROOT / "CONTRIBUTING.md"]
LINKED = re.compile(r"\]\((?!https?:)([^)#]+)\)((?:,? ?`\w+`)*)")
SETTINGS = {"num_envs": 40, "level_slots": 9, "target_share": 0.2}


def blocks(page: str, language: str = "python") -> list[str]:
    """The code blocks of a guide in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(), re.DOTALL | re.MULTILINE)


def module(page: str, monkeypatch) -> ModuleType:
    """A guide's only block, as a module."""
    (text,) = blocks(page)
    made = ModuleType(f"guide_{page[:-3].replace('-', '_')}")
    monkeypatch.setitem(sys.modules, made.__name__, made)  # dataclasses look for the module of a record
    exec(compile(text, page, "exec"), made.__dict__)
    return made


def defined(path: Path) -> set[str]:
    """The names at the top of a module."""
    body = ast.parse(path.read_text()).body
    assigned = [t for n in body if isinstance(n, ast.Assign) for t in n.targets]
    assigned += [n.target for n in body if isinstance(n, ast.AnnAssign)]
    named = {n.name for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    return named | {t.id for t in assigned if isinstance(t, ast.Name)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_guide_points_at_files_and_names_that_are_there(page):
    links = LINKED.findall(page.read_text())
    assert links
    for target, names in links:
        path = (page.parent / target).resolve()
        assert path.exists(), f"{page.name} links {target}"
        asked = set(re.findall(r"\w+", names))
        assert not asked or asked <= defined(path), f"{page.name}: {asked - defined(path)} not in {target}"


def test_the_guide_on_cycles_names_the_loop_s_functions():
    asked = set(re.findall(r"\| `(_\w+)` \|", (DOCS / "one-cycle.md").read_text()))
    loop = ast.parse((ROOT / "src/dicode/runs/loop.py").read_text())
    (cls,) = [n for n in loop.body if isinstance(n, ast.ClassDef) and n.name == "Loop"]
    assert len(asked) >= 6
    assert asked <= {n.name for n in cls.body if isinstance(n, ast.FunctionDef)}


@pytest.mark.parametrize("page", ["one-level.md", "one-cycle.md"])
def test_the_code_of_a_walk_through_runs(page):
    (text,) = blocks(page)
    assert "assert " in text
    exec(compile(text, page, "exec"), {})


def test_the_method_of_the_guide_is_registered_and_trains(monkeypatch):
    made = module("add-a-method.md", monkeypatch)
    monkeypatch.setitem(registry.BASELINES, "hardest", registry._Entry(made.HardestSettings, made.make))
    monkeypatch.setitem(registry.SETTINGS, "hardest", made.HardestSettings)
    run = train(make("hardest", SETTINGS), 8)
    for proposal in run.proposals:
        assert sum(slot.num_envs for slot in proposal.slots) == 40
        assert len({slot.level for slot in proposal.slots}) == len(proposal.slots) == 9
    born = [run.snapshot.levels[slot.level].born for slot in run.proposals[-1].slots if slot.level != TARGET]
    assert sum(cycle < 7 for cycle in born) == 4
    with pytest.raises(ConfigError, match="replayed"):
        make("hardest", SETTINGS | {"replayed": 2.0})
    assert "hardest" in methods.SETTINGS

    @dataclass(frozen=True)
    class Asked:
        method: Scored = section(made.HardestSettings, "name", registry.SETTINGS)

    assert "hardest" in words.group_choices("method", Asked)


def test_the_provider_of_the_guide_is_resolved_and_its_key_goes_to_its_host_alone(monkeypatch):
    (entries,), (text,) = blocks("add-a-provider.md"), blocks("add-a-provider.md", "yaml")
    section = yaml.safe_load(text)
    with pytest.raises(ConfigError, match="'acme' is not known"):
        providers.Endpoint(**section)
    for table in ("PROVIDERS", "KEY_HOSTS"):
        monkeypatch.setattr(providers, table, dict(getattr(providers, table)))
    exec(entries, vars(providers))
    monkeypatch.setenv("ACME_API_KEY", "aaaaaaaaaaaa")
    endpoint = providers.Endpoint(**section)
    assert not endpoint.quirks.seed
    assert providers.find_key(endpoint).reveal() == "aaaaaaaaaaaa"
    with pytest.raises(ConfigError, match=r"is sent to https://api\.acme\.example only"):
        providers.find_key(providers.Endpoint(**section | {"base_url": "https://other.example/v1"}))


def test_the_rule_of_the_guide_is_read_by_levels_and_by_the_step(monkeypatch):
    entry, step, level = blocks("add-a-rule.md")
    group = rule_spec._Group("world")
    exec(entry, {"g": group})
    (rule,) = group.rules
    monkeypatch.setitem(rule_spec.RULES, rule.name, rule)
    monkeypatch.setattr(craftax_rules, "VALUES", (*rule_spec.VALUES, rule))
    namespace: dict = {"Rules": craftax_rules.Rules}
    exec(level, namespace)
    exec(step, namespace)
    assert namespace["RULES"].to_json() == {"fall_damage": 2}
    after = [
        namespace["after_the_ladder"](9.0, down, SimpleNamespace(**rules.arrays()))
        for rules in (craftax_rules.Rules(), namespace["RULES"])
        for down in (False, True)
    ]
    assert after == [9, 9, 9, 7]
    with pytest.raises(LevelError, match="0 to 9"):
        craftax_rules.Rules(fall_damage=12)


def test_the_dreamer_of_the_guide_answers_every_brief_and_the_same_brief_alike(monkeypatch):
    made = module("add-a-dreamer.md", monkeypatch)
    assert issubclass(made.Gentler, Dreamer)
    source = '"""Objective: a night.\nWhy: x."""\nfrom dicode.levels import Goal, Rules\n\nGOAL = Goal(survive=9)\nRULES = Rules(melee_spawn=2.0)\n'
    parents = [record_of(Draft(text, "", Origin.FILE), 0) for text in (source, toy_text(Toy("idle", 0.0)))]
    briefs = [Brief(3, i, ParentReport(level, ()), {}, None) for i, level in enumerate(parents)]
    asked = []

    def validate(draft):
        asked.append(draft)
        return Accepted({}, {}, parse_level(draft.source).goal)

    good, none = made.Gentler(Streams(0)).dream(briefs, validate)
    assert good.accepted
    assert good.verdict.pool_hash == "Goal(survive=9)"
    number = float(re.search(r"melee_spawn=([\d.]+)", good.draft.source)[1])
    assert 0.4 <= number <= 1.6
    assert (none.draft, none.verdict.stage) == (None, "lost")
    assert made.Gentler(Streams(0)).dream(briefs, validate)[0].draft == good.draft
    assert len(asked) == 2
