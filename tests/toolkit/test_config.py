"""Settings: environment over file over default, casts that name the setting, secrets that stay secret."""

import os
import traceback

import pytest
import starlette.config
import starlette.datastructures

from rawasgi.toolkit import config as ours
from rawasgi.toolkit.config import CommaSeparatedStrings, Config, Environ, EnvironError, Secret

FILE = """
# a comment
A=file
B = 'in quotes'
C="a "b" c"
D = with = sign  # and this
E=
 F\t=\tspaces\x0bx
G='
no assignment
#H=1
A=twice
"""


@pytest.fixture
def env_file(tmp_path):
    """A file of settings."""
    path = tmp_path / ".env"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_a_file_is_read_as_starlette_reads_it(env_file):
    """Comments, quotes, spaces, empty values, names that come twice."""
    found = Config(env_file, environ={}).file_values
    assert found == starlette.config.Config(env_file, environ={}).file_values
    assert found == {
        "A": "twice",
        "B": "in quotes",
        "C": 'a "b" c',
        "D": "with = sign  # and this",
        "E": "",
        "F": "spaces\x0bx",
        "G": "'",
    }


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(env_file):
    """Each source is asked in its turn; a prefix is put before every name."""
    config = Config(env_file, environ={"A": "environment", "APP_A": "prefixed"})
    assert [config("A", default="x"), config("B", default="x"), config("Z", default="x")] == [
        "environment",
        "in quotes",
        "x",
    ]
    assert Config(env_file, environ={"APP_A": "prefixed"}, env_prefix="APP_").get("A") == "prefixed"
    assert Config(env_file, {}, encoding="latin-1").get("E") == ""


@pytest.mark.parametrize("package", [ours, starlette.config])
@pytest.mark.parametrize(
    ("value", "cast", "result"),
    [
        ("1", int, 1),
        ("1", bool, True),
        ("TRUE", bool, True),
        ("false", bool, False),
        ("0", bool, False),
        ("a", None, "a"),
        ("a/b", lambda value: value.split("/"), ["a", "b"]),
    ],
)
def test_a_value_is_cast(package, value, cast, result):
    """Also a default; None stays None."""
    config = package.Config(environ={"K": value})
    assert (config("K", cast=cast), config("Z", cast, value), config("Z", cast, None)) == (result, result, None)


@pytest.mark.parametrize(
    ("value", "cast", "name"), [("maybe", bool, "bool"), ("s3cret", int, "int"), ("x", {}.__getitem__, "__getitem__")]
)
def test_a_value_that_cannot_be_cast_is_named_but_not_shown(value, cast, name):
    """Neither in the error nor in what the traceback says of its cause: the value may be a secret."""
    with pytest.raises(ValueError, match=rf"^the setting K is no valid {name}$") as caught:
        Config(environ={"K": value})("K", cast=cast)
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_a_missing_setting_is_named():
    """With its prefix, as it has to be written."""
    with pytest.raises(KeyError, match="the setting APP_K is missing, and has no default"):
        Config(environ={}, env_prefix="APP_")("K")


def test_a_missing_file_is_a_warning(tmp_path):
    """A deployment may have everything in its environment."""
    with pytest.warns(UserWarning, match=r"there is no file of settings '.*none'"):
        config = Config(tmp_path / "none", environ={"K": "1"})
    assert config("K") == "1"


def test_what_was_read_cannot_be_changed():
    """Setting and deleting are errors from the first look on, also for a variable that was not there."""
    environ = Environ({"A": "1", "B": "2"})
    environ["A"], environ["C"] = "3", "4"
    del environ["B"]
    assert ({**environ}, len(environ)) == ({"A": "3", "C": "4"}, 2)
    assert (environ.get("D"), repr(environ)) == (None, "<Environ, 3 variables read>")
    for change in (lambda: environ.update(A="5"), lambda: environ.update(D="5"), lambda: environ.pop("C")):
        with pytest.raises(EnvironError, match=r"^[ACD] was read already, and whoever read it will not see the change"):
            change()
    assert {**environ} == {"A": "3", "C": "4"}


def test_config_reads_the_environment_of_the_process(monkeypatch):
    """And remembers it: so a test that sets a variable too late is told."""
    monkeypatch.setenv("RAWASGI_TEST_SETTING", "1")
    assert Config()("RAWASGI_TEST_SETTING") == os.environ["RAWASGI_TEST_SETTING"]
    with pytest.raises(EnvironError):
        ours.environ["RAWASGI_TEST_SETTING"] = "2"


def test_a_secret_hides_itself():
    """In its repr, in containers and in a traceback that shows variables; str() is the string."""
    secret = Config(environ={"K": "s3cret"})("K", cast=Secret)

    def fails():
        kept = secret
        raise RuntimeError(f"{kept!r} in {[kept]}")

    with pytest.raises(RuntimeError, match=r"Secret\('\*{10}'\) in \[Secret\('\*{10}'\)\]") as caught:
        fails()
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    assert "s3cret" not in "".join(shown)
    assert (str(secret), bool(secret), bool(Secret(""))) == ("s3cret", True, False)


@pytest.mark.parametrize("cls", [CommaSeparatedStrings, starlette.datastructures.CommaSeparatedStrings])
@pytest.mark.parametrize(
    ("value", "items"),
    [
        ("a, b ,c", ["a", "b", "c"]),
        ("\"a,b\", 'c d'", ["a,b", "c d"]),
        ("", []),
        (",,", []),
        (("a", "b, c"), ["a", "b, c"]),
    ],
)
def test_comma_separated_strings(cls, value, items):
    """Quotes keep a comma; of a sequence, the items as they are."""
    found = cls(value)
    assert (list(found), len(found), found[:1]) == (items, len(items), items[:1])
    assert (repr(found), str(found)) == (f"CommaSeparatedStrings({items!r})", ", ".join(map(repr, items)))


def test_a_hash_in_a_list_is_no_comment():
    """Starlette's splitter is that of a shell, where the rest would be gone."""
    assert list(CommaSeparatedStrings("a,#b,c#d")) == ["a", "#b", "c#d"]
    assert list(starlette.datastructures.CommaSeparatedStrings("a,#b,c#d")) == ["a"]


def test_a_quote_that_never_closes_is_an_error_with_a_name():
    """Through Config the setting is named."""
    with pytest.raises(ValueError, match="No closing quotation"):
        CommaSeparatedStrings('a,"b')
    with pytest.raises(ValueError, match=r"^the setting K is no valid CommaSeparatedStrings$"):
        Config(environ={"K": 'a,"b'})("K", cast=CommaSeparatedStrings)
