"""What no file of the repository may contain, and what the Makefile promises."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, tracked_files

# Pages that texts link to. Everything else that looks like an address is a reserved name or this machine: nothing in
# the repository fetches anything, and no file names where packages come from.
LINKED_HOSTS = {
    "asgi.readthedocs.io",
    "datatracker.ietf.org",
    "docs.python.org",
    "fastapi.tiangolo.com",
    "flask.palletsprojects.com",
    "github.com",
    "httpwg.org",
    "peps.python.org",
    "semver.org",
    "starlette.dev",
    "url.spec.whatwg.org",
    "uvicorn.dev",
    "websockets.spec.whatwg.org",
    "www.apache.org",
    "www.rfc-editor.org",
    "www.w3.org",
}
RESERVED = re.compile(r"([\w-]+|[\d.]+|(.*\.)?example\.(com|org|net)|.*\.(example|test|invalid|localhost))")
ADDRESS = re.compile(r"\b(?:https?|wss?)://(?:[\w.-]*@)?([A-Za-z0-9][A-Za-z0-9.-]*)")
MACHINE_PATH = re.compile(r"(?<![\w.~*}])/(?:home|root|work|Users|mnt|opt)/\w[^\s'\"`]*")


def foreign_addresses(files: list[Path]) -> list[str]:
    """Hosts in the files that are neither linked pages nor reserved names."""
    return [
        f"{path.name}: {host}"
        for path, text in texts(files)
        for host in ADDRESS.findall(text)
        if host.rstrip(".").lower() not in LINKED_HOSTS and not RESERVED.fullmatch(host.rstrip("."))
    ]


def machine_paths(files: list[Path]) -> list[str]:
    """Absolute paths of somebody's machine."""
    return [f"{path.name}: {found}" for path, text in texts(files) for found in MACHINE_PATH.findall(text)]


def texts(files: list[Path]) -> list[tuple[Path, str]]:
    """The files with their text; bytes that are no text are no address either."""
    return [(path, path.read_text(encoding="utf-8", errors="replace")) for path in files]


@pytest.mark.parametrize("rule", [foreign_addresses, machine_paths], ids=lambda rule: rule.__name__)
def test_the_repository_names_no_place_it_should_not(rule):
    """No tracked file names a host outside the list, or a path of one machine."""
    assert rule(tracked_files()) == []


def test_an_address_or_a_path_that_is_not_ours_is_seen(tmp_path):
    """Reserved names and linked pages pass, other hosts and home directories do not."""
    page = tmp_path / "page.md"
    page.write_text(
        "https://docs.python.org/3/ http://testserver/home/x ws://127.0.0.1:80 http://shop.example.com/opt/in\n"
        "https://index." + "packages.io/simple and " + "/ho" + "me/me/clone\n",
        encoding="utf-8",
    )
    assert foreign_addresses([page]) == ["page.md: index.packages.io"]
    assert machine_paths([page]) == ["page.md: /ho" + "me/me/clone"]


def test_make_help_lists_every_target():
    """`make help` names each target that the Makefile declares, and nothing else."""
    declared = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    shown = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line.split()[1] for line in shown.splitlines()] == " ".join(declared).split()


def test_every_pinned_package_has_one_exact_version():
    """constraints.txt holds `name==version` lines and comments, each name once."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    names = [re.fullmatch(r"([A-Za-z0-9._-]+)==[0-9][0-9a-z.]*", line) for line in pins]
    assert [pin for pin, name in zip(pins, names, strict=True) if name is None] == []
    folded = [re.sub(r"[-_.]+", "-", name[1]).lower() for name in names if name]
    assert len(folded) == len(set(folded))
