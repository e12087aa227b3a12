"""The OpenAPI documents of the same typed routes, FastAPI's and rawasgi's: equal, but for what is declared."""

import copy
from types import SimpleNamespace
from typing import Any

import fastapi
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

import rawasgi
from rawasgi.typed.openapi.docs import add_docs
from tests.wire.declared_for_types import FROM_FASTAPI
from tests.wire.documented_routes import add_routes
from tests.wire.documented_routes_rare import add_rare_routes
from tests.wire.kits import FASTAPI
from tests.wire.typed_routes import typed_shop

ABSENT = "(absent)"
MESSAGE = {"$ref": "#/components/schemas/tests__wire__documented_models__Message"}
DATA = {"type": "string", "contentMediaType": "application/json", "contentSchema": MESSAGE}
EVENT = {
    "type": "object",
    "properties": {
        "data": DATA,
        "event": {"type": "string"},
        "id": {"type": "string"},
        "retry": {"type": "integer", "minimum": 0},
    },
    "required": ["data"],
}
LINES = "#/paths//lines/get/responses/200/content/application/jsonl"
MIXED = "#/components/schemas/Body_mixed_mixed_post"
EVENTS = "#/paths//events/get/responses/200/content/text/event-stream"

# reason -> place -> what FastAPI says there, what rawasgi says there
DECLARED: dict[str, dict[str, tuple[Any, Any]]] = {
    "`itemSchema` is a word of OpenAPI 3.2, and makes a document of 3.1 invalid": {
        f"{LINES}/itemSchema": (MESSAGE, ABSENT),
        f"{LINES}/x-itemSchema": (ABSENT, MESSAGE),
        f"{EVENTS}/itemSchema": (EVENT, ABSENT),
        f"{EVENTS}/x-itemSchema": (ABSENT, EVENT),
    },
    "a form is flat: the fields of a form model are fields of the form, required like its others": {
        f"{MIXED}/allOf": ([{"$ref": "#/components/schemas/Login"}], ABSENT),
        f"{MIXED}/required": (["code"], ["username", "password", "code"]),
        f"{MIXED}/properties/username": (ABSENT, {"title": "Username", "type": "string"}),
        f"{MIXED}/properties/password": (ABSENT, {"title": "Password", "type": "string", "minLength": 8}),
        f"{MIXED}/properties/remember": (ABSENT, {"title": "Remember", "type": "boolean", "default": False}),
    },
}


def fastapi_document(**options) -> Any:
    """What FastAPI says of the routes."""
    kit = SimpleNamespace(**{**vars(FASTAPI), "UploadFile": fastapi.UploadFile})
    app = fastapi.FastAPI(title="Shop", version="1", **options)
    add_routes(kit, app)
    add_rare_routes(kit, app)
    return app.openapi()


def rawasgi_document(**options) -> Any:
    """What rawasgi says of them."""
    app: Any = rawasgi.App()
    add_docs(app, title="Shop", version="1", **options)
    add_routes(rawasgi, app)
    add_rare_routes(rawasgi, app)
    return app.openapi()


def differences(theirs, ours, place="#"):
    """Place -> what the first says there, what the second says there; lists are equal or not."""
    if not (isinstance(theirs, dict) and isinstance(ours, dict)):
        return {} if theirs == ours else {place: (theirs, ours)}
    found: dict[str, Any] = {}
    for name in {**theirs, **ours}:
        found |= differences(theirs.get(name, ABSENT), ours.get(name, ABSENT), f"{place}/{name}")
    return found


def test_the_documents_differ_only_where_it_is_declared():
    """Paths, parameters, bodies, answers, names of models: each difference has its reason, and none is out of date."""
    declared = {place: pair for places in DECLARED.values() for place, pair in places.items()}
    assert differences(fastapi_document(), rawasgi_document()) == declared


def test_one_schema_for_reading_and_writing_differs_only_there_too():
    """Without `separate_input_output_schemas` a model has one schema, but where it computes fields."""
    options = {"separate_input_output_schemas": False}
    declared = {place: pair for places in DECLARED.values() for place, pair in places.items()}
    assert differences(fastapi_document(**options), rawasgi_document(**options)) == declared
    names = rawasgi_document(**options)["components"]["schemas"]
    assert [name for name in names if name.endswith(("-Input", "-Output"))] == ["Box-Input", "Box-Output"]


def test_the_routes_whose_answers_are_compared_have_equal_documents_too():
    """Those of test_typed_against_fastapi.py, but for the name of `itemSchema`, and a union of form models that may be
    missing: FastAPI says in its schema that the form may be empty, we that no body is required.
    """

    def renamed(value):
        if isinstance(value, dict):
            return {"x-itemSchema" if name == "itemSchema" else name: renamed(part) for name, part in value.items()}
        return value

    theirs = typed_shop(SimpleNamespace(**{**vars(FASTAPI), "UploadFile": fastapi.UploadFile}), []).openapi()
    ours = rawasgi.get_openapi(**theirs["info"], routes=typed_shop(rawasgi, []).routes)
    name = "Body_maybe_shape_maybe_post"
    schema = "#/paths//shape/maybe/post/requestBody/content/application/x-www-form-urlencoded/schema"
    models = [{"$ref": "#/components/schemas/Circle"}, {"$ref": "#/components/schemas/Box"}]
    maybe = {"anyOf": [{"maxProperties": 0}, {"anyOf": models, "title": "Data"}]}
    assert differences(renamed(theirs), ours) == {
        f"#/components/schemas/{name}": ({"allOf": [maybe], "type": "object", "title": name}, ABSENT),
        f"{schema}/$ref": (f"#/components/schemas/{name}", ABSENT),
        f"{schema}/anyOf": (ABSENT, models),
        f"{schema}/title": (ABSENT, "Data"),
    }
    assert "required" not in ours["paths"]["/shape/maybe"]["post"]["requestBody"]
    assert len(ours["paths"]) > 60
    OpenAPIV31SpecValidator(ours).validate()


def test_answers_and_documents_together_have_at_most_fifteen_reasons_to_differ():
    """Those declared here, and those of test_typed_against_fastapi.py."""
    assert len(DECLARED.keys() | FROM_FASTAPI.keys()) <= 15


def test_there_are_at_least_twenty_routes_and_twenty_models():
    """The comparison is about something."""
    document = rawasgi_document()
    assert sum(len(path) for path in document["paths"].values()) >= 20
    assert len(document["components"]["schemas"]) >= 20


@pytest.mark.parametrize("separate", [True, False])
def test_our_document_is_valid(separate):
    """By the schema of OpenAPI 3.1, and by what the validator looks at beside it."""
    OpenAPIV31SpecValidator(rawasgi_document(separate_input_output_schemas=separate)).validate()


def test_a_document_that_is_not_valid_is_seen():
    """An answer without a description, and FastAPI's word for the items of a stream."""
    broken = copy.deepcopy(rawasgi_document())
    del broken["paths"]["/own"]["get"]["responses"]["200"]["description"]
    for document in (broken, fastapi_document()):
        with pytest.raises(OpenAPIValidationError):
            OpenAPIV31SpecValidator(document).validate()
