"""Whose run it is follows from what this user's secret has sealed, not from what the run says."""

import shutil
import sqlite3
from dataclasses import replace

import pytest
from archive_examples import SEED, stored
from commands import say
from sent import make

from dicode.curriculum.archive import Archive
from dicode.games.craftax.host import HOST
from dicode.received import seal
from dicode.runs import origin
from dicode.runs.directory import RunDirectory
from dicode.types import Origin, level_id


def write(run: RunDirectory, statement: str, *values: object) -> None:
    db = sqlite3.connect(run.archive_file)
    assert db.execute(statement, values).rowcount > 0
    db.commit()
    db.close()


def test_a_run_made_here_is_known_also_when_it_is_moved_or_copied(tmp_path):
    run = make(tmp_path, sealed=True)
    assert origin.standing(run) == origin.Standing(True, ())
    shutil.copytree(run.path, tmp_path / "copy")
    run.path.rename(tmp_path / "moved")
    for name in ("copy", "moved"):
        assert origin.standing(RunDirectory(tmp_path / name)) == origin.Standing(True, ())


def test_a_run_of_another_user_or_machine_is_not_known(tmp_path, monkeypatch):
    run = make(tmp_path, sealed=True)
    monkeypatch.setenv("DICODE_CONFIG", str(tmp_path / "another"))
    known = origin.standing(run)
    assert not known.settings
    assert known.foreign
    assert SEED in known.strangers


@pytest.mark.parametrize(
    "rewrite",
    [
        "UPDATE seals SET seal = replace(seal, 'a', 'b')",
        "UPDATE seals SET seal = (SELECT seal FROM seals WHERE level != '{seed}') WHERE level = '{seed}'",
        "DELETE FROM seals WHERE level = '{seed}'",
        "UPDATE levels SET body = json_set(body, '$.origin', 'grammar') WHERE id = '{seed}'",
        "UPDATE levels SET body = json_set(body, '$.origin', 'file') WHERE body LIKE '%foundation%'",
    ],
)
def test_rewritten_contents_of_ones_own_run_are_not_ones_own(tmp_path, rewrite):
    run = make(tmp_path, sealed=True)
    write(run, rewrite.format(seed=SEED))
    assert origin.standing(run).foreign


def test_a_level_that_was_put_into_ones_own_run_is_a_stranger(tmp_path):
    run = make(tmp_path, sealed=True)
    smuggled = stored("import os", origin=Origin.LIBRARY, born=3)
    with Archive(run.archive_file) as archive:
        archive.commit(3, archive.snapshot().with_levels([smuggled]))
    assert origin.standing(run).strangers == (smuggled.id,)


def test_a_models_level_needs_no_seal_since_nothing_spares_it_the_wall(tmp_path):
    run = make(tmp_path, sealed=True)
    with Archive(run.archive_file) as archive:
        dream = stored("dream", origin=Origin.FOUNDATION, born=3)
        archive.commit(3, archive.snapshot().with_levels([dream]))
    assert not origin.standing(run).foreign


def test_a_configuration_counts_to_the_letter(tmp_path):
    run = make(tmp_path, sealed=True)
    text = run.config_file.read_text()
    changes = (
        text.replace("seed: 0", "seed: 1"), text.replace("seed: 0", "seed: 0 "), f"# x\n{text}", f"{text}x: 1\n",
        text.replace("# made here: ", "# made here: 0"), text.rsplit("#", 1)[0], f"{text}{text}",
    )  # fmt: skip
    for changed in changes:
        assert changed != text
        assert not seal.text_fits(changed)
    assert seal.text_fits(text)
    run.write_config(replace(run.config(), total_steps=5e6), sealed=True)
    assert origin.standing(run).settings


def test_a_seal_of_one_thing_is_none_of_another():
    assert seal.seal("level", "ab", "c") != seal.seal("level", "a", "bc")
    assert seal.seal("level", "x") != seal.seal("config", "x")
    assert not seal.fits(None, "level", "x")
    assert not seal.fits("é", "level", "x")
    assert not seal.fits("", "level", "x")
    assert seal.fits(seal.seal("level", "x"), "level", "x")


def test_the_secret_is_for_this_user_alone_and_is_made_once(secret_of_this_test):
    first = seal.seal("level", "x")
    path = secret_of_this_test / "secret"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_bytes()) == 32
    seal._secret.cache_clear()
    assert seal.seal("level", "x") == first


@pytest.mark.parametrize("spoil", ["readable", "short", "link", "folder"])
def test_a_secret_that_is_none_seals_nothing_and_says_so_once(secret_of_this_test, caplog, spoil):
    path = secret_of_this_test / "secret"
    if spoil == "link":
        (secret_of_this_test / "real").write_bytes(b"x" * 32)
        path.symlink_to("real")
    elif spoil == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"x" * (5 if spoil == "short" else 32))
        path.chmod(0o644 if spoil == "readable" else 0o600)
    assert seal.seal("level", "x") is None
    assert seal.seal("level", "y") is None
    assert not seal.fits("0" * 64, "level", "x")
    assert len(caplog.records) == 1
    assert "DICODE_CONFIG" in caplog.text


def test_adopting_believes_what_was_named_and_no_more(tmp_path):
    run = make(tmp_path)
    code, said = say("adopt", run.path)
    assert code == 1
    assert "4 levels or seeds are not known" in said
    assert not origin.standing(run).settings
    from dicode.commands import adopt

    assert adopt.command(str(run.path), ["settings"]) == 0
    known = origin.standing(run)
    assert known.settings
    assert known.foreign
    assert adopt.command(str(run.path), ["code"]) == 0
    assert origin.standing(run) == origin.Standing(True, ())
    with pytest.raises(Exception, match="did you mean 'code'"):
        adopt.command(str(run.path), ["cod"])


def test_seed_files_belong_to_what_is_known(tmp_path):
    run = make(tmp_path, sealed=True)
    run.seeds.mkdir()
    (run.seeds / "one.py").write_text("x = 1\n")
    assert origin.standing(run).strangers == ("seeds/one.py",)
    origin.seal_seeds(run.seeds)
    assert not origin.standing(run).foreign
    for change in (lambda: (run.seeds / "two.py").write_text("y"), lambda: (run.seeds / "one.py").write_text("z")):
        change()
        assert origin.standing(run).foreign
        origin.seal_seeds(run.seeds)


def test_level_files_of_a_run_are_ones_own_only_where_this_machine_recorded_them_as_such(tmp_path):
    run = make(tmp_path, sealed=True)
    with Archive(run.archive_file, read_only=True) as archive:
        levels = {r.origin: r for r in archive.snapshot().levels.values() if r.source}
    run.levels.mkdir(exist_ok=True)
    mine = run.levels / f"{levels[Origin.LIBRARY].id}.py"
    mine.write_text(levels[Origin.LIBRARY].source)
    assert not origin.foreign_levels(mine)
    assert not origin.foreign_levels(run.levels)
    dream = run.levels / f"{levels[Origin.FOUNDATION].id}.py"
    dream.write_text(levels[Origin.FOUNDATION].source)
    assert origin.foreign_levels(dream)
    assert origin.foreign_levels(run.levels)
    mine.write_text("changed = 1\n")
    assert origin.foreign_levels(mine)


def test_exported_levels_carry_the_mark_of_where_they_come_from(tmp_path):
    run = make(tmp_path)
    assert say("levels export", run.path)[0] == 0
    exported = tmp_path / "exported"
    assert {p.name for p in exported.iterdir()} == {origin.MARK} | {
        f"{level_id(p.read_text())}.py" for p in exported.glob("*.py")
    }
    assert origin.foreign_levels(exported)
    assert origin.foreign_levels(next(exported.glob("*.py")))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "level.py").write_text("x = 1\n")
    assert not origin.foreign_levels(tmp_path / "mine")


def test_foreign_code_is_refused_where_the_wall_is_not_full():
    from dicode.sandbox import Sandbox, jail
    from dicode.sandbox.workers import SandboxError

    thin = frozenset(jail.ALL_MECHANISMS) - {"seccomp"}
    with Sandbox(HOST, use=thin) as sandbox:
        sandbox.require(Origin.GRAMMAR)
    with Sandbox(HOST, use=thin, foreign=True) as sandbox:
        for whose in (Origin.LIBRARY, Origin.FILE, Origin.GRAMMAR, Origin.GENERATOR):
            with pytest.raises(SandboxError, match="did not make needs the full wall"):
                sandbox.require(whose)
