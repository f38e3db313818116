"""Words that a run would not read: settings of another kind of agent or method, or of a part that the run does without.

A person who gives one is told why, before anything begins; a sweep leaves it out where it means nothing.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dicode import games, settings, words
from dicode.settings import Only
from dicode.words import Word

if TYPE_CHECKING:
    from dicode.config import Config


_PAID = frozenset({"bonus", "bonus_value", "reward", "sandbox"})
"""Settings that matter to a target of one's own, too, whatever trains on it."""
_FOLLOWING = {
    "bonus": "dynamic",
    "dreamer.pursue": "target",
    "method.frontier": None,
    "method.parents": "wanted",
    "method.unsolved_target": None,
}
"""Settings that look at episodes on the target, each with the value under which it does; None: any."""


def foreign(given: Sequence[Word], tree: dict[str, Any], record: type) -> dict[Word, str]:
    """Words that set what only another kind of agent or method has, with the reason; they are taken out of the tree."""
    found: dict[Word, str] = {}
    for word in given:
        known = words.settings_of(record).get(words.listed(word.key), ())
        kinds = [kind for setting in known for kind in setting.kind[1]]
        name, _, tag = known[0].kind[0].partition(".") if kinds else ("", "", "")
        kind = tree.get(name, {}).get(tag)
        if kinds and kind not in kinds:
            tree[name].pop(word.key.partition(".")[2], None)
            found[word] = (
                f"it is a setting of {' and '.join(kinds)}, and this run has {_spelled(f'{name}.{tag}')}={kind}"
            )
    return found


def needs_model(word: Word, record: type) -> bool:
    """Whether a word makes sense with a foundation model alone."""
    dreamers = [only.get("dreamer.name") or () for only in _conditions(word, record)]
    return any("foundation" in names and "auto" not in names for names in dreamers)


def reason(word: Word, config: "Config") -> str | None:
    """Why a word does nothing in this configuration; None where it does something."""
    if word.key == "schedule":
        return "it is for `dicode resume`, where total_steps= makes a run longer"
    if word.key == "dreamer" and word.value in ("auto", "none"):
        return None
    if words.listed(word.key) != word.key and config.dreamer.name == "foundation":
        return None
    if overruled := _overruled(word, config):
        return overruled
    if config.target != games.GAME and word.key in _PAID:
        return None
    for only in _conditions(word, type(config))[:1]:
        for name, allowed in only.items():
            value = settings.get(config, name)
            if (value not in allowed) if allowed is not None else not value:
                needed = "another value" if allowed is None else " or ".join(_plain(v) for v in allowed)
                return f"it needs {_spelled(name)}={needed}, and this run has {_spelled(name)}={_plain(value)}"
    return None


def _overruled(word: Word, config: "Config") -> str:
    """What another setting says instead of this one, empty where it counts."""
    if word.key == "target_share_steps" and config.target_share_final < 0:
        return "it needs target_share_final=, the share in the end, and this run has none"
    if word.key == "library_seeds" and config.levels:
        return "levels= names the seeds"
    if word.key == "cpu_devices" and config.devices:
        return f"devices={config.devices} says how many parts a CPU has"
    if word.key == "method.unsolved_target" and config.target == games.GAME:
        return f"it is for a target that is a level, and this run has target={games.GAME}"
    unplayed = config.target_share == 0 and config.method.name != "ppo"
    if unplayed and word.key in _FOLLOWING and _FOLLOWING[word.key] in (None, word.value):
        return "it follows the target, and this run has target_share=0"
    return ""


def _conditions(word: Word, record: type) -> list[Only]:
    """What other settings must be for the word to do something."""
    if word.key in words.GROUPS:
        found = [only for name, only in settings.sections(record) if name == word.key]
        return [only for only in found if only]
    return [setting.only for setting in words.settings_of(record)[words.listed(word.key)]]


def _spelled(name: str) -> str:
    """A setting as a person writes it: method, not method.name."""
    return name.removesuffix(".name")


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
