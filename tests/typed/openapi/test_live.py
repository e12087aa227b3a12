"""A live app and a machine that has read its document: no answer is a 500, and each one is documented."""

import asyncio
import sys
from importlib import import_module
from typing import Any

import pytest

import rawasgi
from rawasgi.app import App
from rawasgi.typed.openapi.docs import add_docs
from tests.typed.openapi.served import served
from tests.wire import documented_routes, documented_routes_rare

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
SECONDS = 40.0  # it needs five


async def promises(app, folder, *excluded):
    """Run schemathesis against the app on uvicorn, but for some paths: its exit status, and what it says."""
    async with served(app) as address:
        asked = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "--no-color", "run", f"{address}/openapi.json"),
            *("--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--max-examples", "3", "--seed", "1"),
            *("--no-shrink", "--request-timeout", "5", "--max-failures", "20"),
            *(word for path in excluded for word in ("--exclude-path", path)),
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            said, _ = await asyncio.wait_for(asked.communicate(), SECONDS)
        finally:
            if asked.returncode is None:
                asked.kill()
                await asked.wait()
    return asked.returncode, said.decode()


def documented():
    """An app that describes itself."""
    app: Any = App()
    add_docs(app, title="Shop", docs_url=None, redoc_url=None)
    return app


def test_an_app_answers_as_its_document_says(tmp_path):
    """Hundreds of requests, right and wrong ones: each answer has a status, a media type and a shape of the document."""
    app = documented()
    for add in (*documented_routes.ADDERS, *documented_routes_rare.ADDERS):
        if add is not documented_routes.add_schemes:  # a 401 stands in no document unless a route says so
            add(rawasgi, app)
    status, said = asyncio.run(promises(app, tmp_path, "/moments"))  # pydantic writes long durations as no RFC does
    assert status == 0, said
    assert "Tested: " in said


COMPARED = {
    "p03_core_features.validation": ("app", ()),
    # Orders fail on purpose, in ways that FastAPI documents no more than we do; and rows come as long as one reads.
    "p06_dependency_injection.dependencies": ("shop", ("/early/{item}", "/late/{item}", "/rows/{count}")),
}


@pytest.mark.parametrize("comparison", COMPARED)
def test_the_app_of_a_comparison_answers_as_its_document_says(tmp_path, monkeypatch, comparison):
    """The apps that stand beside FastAPI's, each loaded anew for this run."""
    name, excluded = COMPARED[comparison]
    monkeypatch.delitem(sys.modules, module := f"comparisons.{comparison}.rawasgi_app", raising=False)
    app = getattr(import_module(module), name)
    add_docs(app, docs_url=None, redoc_url=None)
    status, said = asyncio.run(promises(app, tmp_path, *excluded))
    assert status == 0, said


def test_an_app_that_does_otherwise_is_seen(tmp_path):
    """A 500, a status that nobody has announced, and an answer of another shape."""
    app = documented()

    @app.get("/breaks")
    async def breaks(q: int = 0):
        raise RuntimeError("broken")

    @app.get("/surprises")
    async def surprises(q: int = 0):
        raise rawasgi.HTTPException(418)

    @app.get("/lies", responses={200: {"model": int}})
    async def lies(q: int = 0):
        return "text"

    status, said = asyncio.run(promises(app, tmp_path))
    assert status == 1
    for complaint in ("Server error: 1", "Undocumented status code: 2", "Response violates schema: 1"):
        assert complaint in said
