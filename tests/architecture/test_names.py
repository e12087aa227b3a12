"""The public names: the table of __init__.py, its twin for type checkers, and what a look-up does."""

import ast

import pytest

import rawasgi
from tests.architecture.tree import ROOT


def stub_names() -> dict[str, str]:
    """Name -> module, as rawasgi/__init__.pyi imports them."""
    names = {}
    for node in ast.parse((ROOT / "rawasgi/__init__.pyi").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                assert alias.asname == alias.name, "`import x as x` is what makes a name of a stub public"
                names[alias.name] = "rawasgi.messages.status" if alias.name == "status" else str(node.module)
    return names


def test_the_stub_equals_the_table():
    """Type checkers and the running program find the same names in the same modules."""
    assert stub_names() == rawasgi.NAMES


@pytest.mark.parametrize("name", rawasgi.NAMES)
def test_a_public_name_is_defined_in_the_module_of_the_table(name):
    """Every public name loads from `rawasgi` itself and is the object that its module defines."""
    found = getattr(rawasgi, name)
    module = getattr(found, "__module__", None)
    assert module in (rawasgi.NAMES[name], None) or not isinstance(found, type)


def test_dir_lists_the_public_names():
    """`dir(rawasgi)` shows the table, whether a name is loaded yet or not."""
    assert dir(rawasgi) == sorted(["__version__", *rawasgi.NAMES])


@pytest.mark.parametrize("name", ["Flask", "__path_", "_private"])
def test_an_unknown_name_is_an_attribute_error(name):
    """A look-up that fails says what was looked for."""
    with pytest.raises(AttributeError, match=rf"^module 'rawasgi' has no attribute '{name}'$"):
        getattr(rawasgi, name)


def test_the_package_is_typed():
    """rawasgi ships the marker that makes type checkers read its annotations."""
    assert (ROOT / "rawasgi/py.typed").is_file()
