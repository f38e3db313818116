"""The public face: `from dicode import ...`."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import dicode

SOURCE = Path(dicode.__file__)
pytestmark = pytest.mark.fast


def typed() -> dict[str, tuple[str, str]]:
    """What a type checker is told: public name -> module and name in it."""
    (block,) = [n for n in ast.parse(SOURCE.read_text()).body if isinstance(n, ast.If)]
    return {a.asname or a.name: (n.module, a.name) for n in block.body for a in n.names}


def test_every_public_name_is_what_a_type_checker_takes_it_for():
    assert {*typed(), "__version__"} == set(dicode.__all__)
    for name, (module, own) in typed().items():
        assert getattr(dicode, name) is getattr(sys.modules[module], own), name


def test_importing_the_package_costs_neither_jax_nor_numpy():
    code = "import sys, dicode; dicode.Draft, dicode.Streams(0); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "dicode.types" in loaded
    assert "jax" not in loaded
    code = "import sys, dicode; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "numpy" not in loaded


def test_a_name_that_is_not_public_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'dicode' has no attribute 'Leveller'"):
        dicode.Leveller  # noqa: B018
    assert set(dicode.__all__) <= set(dir(dicode))


def test_the_package_says_that_it_is_typed():
    assert SOURCE.with_name("py.typed").is_file()
