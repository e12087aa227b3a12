"""A described route and the schemas of all in -> what OpenAPI says of it out.

bytes > server > app > middleware > [routing > handler > response] > bytes

The second pass: everything has a schema now, and is written down as OpenAPI wants it.

    GET /items/{item_id}  ->  {"summary": "Read Item", "operationId": "read_item_items__item_id__get",
                               "parameters": [{"name": "item_id", "in": "path", "required": true, "schema": {…}}],
                               "responses": {"200": {…}, "422": {…}}}

Where something is validated, 422 is an answer, unless the route says itself what it answers then.

Spec:         https://github.com/OAI/OpenAPI-Specification/blob/main/versions/3.1.1.md#operation-object
In FastAPI:   fastapi.openapi.utils:get_openapi_path
In Starlette: none, because a docstring holds the operation: starlette.schemas:SchemaGenerator.get_schema
In Flask:     none, because it has no documentation
Left out:     callbacks, links
"""

import http
import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

from rawasgi.responses import BODILESS, JSONResponse
from rawasgi.typed.openapi.described import BodyShape, Described, ParameterShape
from rawasgi.typed.openapi.schemas import Schemas

RANGES = {"1": "Information", "2": "Success", "3": "Redirection", "4": "Client Error", "5": "Server Error"}
STATUS = re.compile("[1-5](XX|[0-9][0-9])|default")
TEXT = {"type": "string"}


def reference(name: str) -> dict[str, Any]:
    """To a schema of the components."""
    return {"$ref": f"#/components/schemas/{name}"}


INVALID = {
    "description": "Validation Error",
    "content": {"application/json": {"schema": reference("HTTPValidationError")}},
}
# What a 422 is, where no route says otherwise: the body that `errors.py` makes.
ERROR_PARTS = {
    "type": {**TEXT, "title": "Error Type"},
    "loc": {"type": "array", "items": {"anyOf": [TEXT, {"type": "integer"}]}, "title": "Location"},
    "msg": {**TEXT, "title": "Message"},
    "input": {"title": "Input"},
    "ctx": {"type": "object", "title": "Context"},
}
ERRORS = {"type": "array", "items": reference("ValidationError"), "title": "Detail"}
INVALID_SCHEMAS: dict[str, Any] = {
    "HTTPValidationError": {"type": "object", "properties": {"detail": ERRORS}, "title": "HTTPValidationError"},
    "ValidationError": {
        "type": "object",
        "properties": ERROR_PARTS,
        "required": ["loc", "msg", "type"],
        "title": "ValidationError",
    },
}
# The fields of an event, as a client sees them.
EVENT: dict[str, Any] = {
    "type": "object",
    "properties": {**dict.fromkeys(("data", "event", "id"), TEXT), "retry": {"type": "integer", "minimum": 0}},
}


def operations(route: Described, schemas: Schemas) -> Iterator[tuple[str, dict[str, Any]]]:
    """The operation of each method, in lower case as the document has it."""
    for method, operation_id in route.operation_ids.items():
        made = {**headlines(route), "operationId": operation_id}
        if route.plan.security:
            made["security"] = list(security_of(route))
        if route.parameters:
            made["parameters"] = [parameter_object(parameter, schemas) for parameter in route.parameters]
        if route.body is not None:
            made["requestBody"] = body_object(route.body, schemas)
        made["responses"] = responses_of(route, schemas)
        yield method.lower(), merged(made, route.plan.description.openapi_extra or {})


def headlines(route: Described) -> dict[str, Any]:
    """What a reader sees first."""
    said = route.plan.description
    found = {
        "tags": list(said.tags),
        "summary": said.summary or route.name.replace("_", " ").title(),
        "description": said.description.partition("\f")[0].strip(),
        "deprecated": said.deprecated,
    }
    return {name: value for name, value in found.items() if value}


def security_of(route: Described) -> Iterator[dict[str, list[str]]]:
    """The schemes that a request has to satisfy, one of them or all: the handler decides. Each once, with its scopes."""
    scopes: dict[str, list[str]] = {}
    for use in route.plan.security:
        known = scopes.setdefault(use.scheme.scheme_name, [])
        known += [scope for scope in use.scopes if scope not in known]
    return ({name: asked} for name, asked in scopes.items())


def parameter_object(parameter: ParameterShape, schemas: Schemas) -> dict[str, Any]:
    """A Parameter Object."""
    made: dict[str, Any] = {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "schema": schema_of(parameter, schemas),
    }
    if parameter.options.get("description"):
        made["description"] = parameter.options["description"]
    if parameter.options.get("openapi_examples"):
        made["examples"] = parameter.options["openapi_examples"]
    if parameter.options.get("deprecated"):
        made["deprecated"] = True
    return made


def body_object(body: BodyShape, schemas: Schemas) -> dict[str, Any]:
    """A Request Body Object."""
    content: dict[str, Any] = {"schema": schema_of(body, schemas)}
    if body.options.get("openapi_examples"):
        content["examples"] = body.options["openapi_examples"]
    made: dict[str, Any] = {"content": {body.media_type: content}}
    return {**made, "required": True} if body.required else made


def schema_of(read: ParameterShape | BodyShape, schemas: Schemas) -> dict[str, Any]:
    """The schema of what is read, and whether it still should be sent."""
    deprecated = {"deprecated": True} if read.options.get("deprecated") else {}
    return {**schemas.of(read.shape), **deprecated}


def responses_of(route: Described, schemas: Schemas) -> dict[str, Any]:
    """A Responses Object: the expected answer, what the route says beside it, and 422 where something is validated."""
    said = route.plan.description
    made = {status_of(route): {"description": said.response_description, **content_of(route, schemas)}}
    media_type = media_type_of(route) or "application/json"
    for status, response in said.responses.items():
        key = str(status).upper().replace("DEFAULT", "default")
        if not STATUS.fullmatch(key):
            raise ValueError(f"{route.path}: `responses` has {status!r}, no status; write 404, '4XX' or 'default'")
        own = {name: value for name, value in response.items() if name != "model"}
        if status in route.answers:
            schema = {"content": {media_type: {"schema": schemas.of(route.answers[status])}}}
            own = merged(own, schema)
        known = made.get(key, {})
        description = own.get("description") or known.get("description") or phrase(key)
        made[key] = {**merged(known, own), "description": description}
    reads = route.plan.fields("path", "query", "header", "cookie") or route.body
    if reads and not {"422", "4XX", "default"} & made.keys():
        made["422"] = INVALID
    return made


def status_of(route: Described) -> str:
    """The status of the expected answer: what the route says, or what its response class has by default."""
    answer = route.plan.answer
    if answer.status_code is not None:
        return str(int(answer.status_code))
    default = inspect.signature(answer.response_class or JSONResponse).parameters.get("status_code")
    return str(default.default) if default is not None and isinstance(default.default, int) else "200"


def media_type_of(route: Described) -> str | None:
    """The media type of the expected answer; None where the class leaves it to each response."""
    found: str | None = getattr(route.plan.answer.response_class or JSONResponse, "media_type", None)
    return found


def content_of(route: Described, schemas: Schemas) -> dict[str, Any]:
    """What is in the expected answer; nothing where its status has no body, or nothing is known."""
    answer = route.plan.answer
    if answer.status_code in BODILESS:
        return {}
    if answer.stream == "json lines":
        return {"content": {"application/jsonl": stream_of(schemas.of(route.item) if route.item else {})}}
    if answer.stream == "events":
        return {"content": {"text/event-stream": stream_of(event_of(route, schemas))}}
    media_type = media_type_of(route)
    if media_type is None:
        return {}
    schema: dict[str, Any] = TEXT
    if issubclass(answer.response_class or JSONResponse, JSONResponse):
        schema = schemas.of(route.answer) if route.answer else {}
    return {"content": {media_type: {"schema": schema}}}


def stream_of(item: dict[str, Any]) -> dict[str, Any]:
    """What each line, or event, is. OpenAPI 3.1 has no word for that: `itemSchema` comes with 3.2."""
    return {"x-itemSchema": item}


def event_of(route: Described, schemas: Schemas) -> dict[str, Any]:
    """An event, whose data is JSON of a known type where the handler says which."""
    if route.item is None:
        return EVENT
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": schemas.of(route.item)}
    return {**EVENT, "required": ["data"], "properties": {**EVENT["properties"], "data": data}}


def phrase(key: str) -> str:
    """What a status is called: 404, 4XX or default."""
    if key == "default":
        return "Default Response"
    if key.endswith("XX"):
        return RANGES[key[0]]
    known = int(key) in http.HTTPStatus._value2member_map_
    return http.HTTPStatus(int(key)).phrase if known else "Additional Response"


def merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Both, where they have objects at the same place both of these too; lists are joined, else the second is right."""
    made = dict(first)
    for name, value in second.items():
        known = made.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            made[name] = merged(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            made[name] = [*known, *value]
        else:
            made[name] = value
    return made
