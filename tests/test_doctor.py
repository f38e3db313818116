"""What `dicode doctor` says of the wall: whether it is the full one, and what a container would have to let through."""

import pytest

from dicode.commands.doctor import wall_in_words

pytestmark = pytest.mark.fast


def test_the_full_wall_is_called_so_and_nothing_is_asked_for():
    assert wall_in_words(("rlimits", "seccomp", "landlock"), True) == "rlimits, seccomp, landlock: the full wall"


@pytest.mark.parametrize("found", [(), ("rlimits",)])
def test_what_a_container_must_let_through_is_named(found):
    said = wall_in_words(found, False)
    assert said.startswith(", ".join(found) or "none")
    assert all(call in said for call in ("seccomp", "landlock_restrict_self", "--security-opt", "sandbox=weak"))
