"""The pieces of a body in -> what the fields of a plan look into out.

bytes > server > app > middleware > routing > [handler] > response > bytes

    application/json, …+json   ->  what the JSON says
    a form, where one is asked ->  its fields and files
    anything else              ->  the bytes
    nothing                    ->  MISSING

What is no JSON is answered at once, with the place of the fault; nothing else can be known of such a request. JSON is
read by pydantic's Rust core, and again by Python where that finds a fault, in the words that clients of FastAPI know.

Spec:         https://www.rfc-editor.org/rfc/rfc9110#section-8.3
In FastAPI:   fastapi.routing:get_request_handler
In Starlette: none, because a handler asks starlette.requests:Request.json itself
In Flask:     none, because a view asks flask.wrappers:Request.json itself
Left out:     other formats
"""

import re
from typing import Any

try:
    from pydantic_core import from_json
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError("typed handlers need pydantic: pip install 'rawasgi[typed]'", name=missing.name) from None

from rawasgi.messages.types import Scope
from rawasgi.requests import MalformedJSON, parse_json
from rawasgi.toolkit.formdata import FormData, UploadFile
from rawasgi.typed.errors import RequestValidationError
from rawasgi.typed.making import wants_bytes
from rawasgi.typed.plan import BodyPlan
from rawasgi.typed.sources import MISSING, header_fields

TOO_DEEP = "nested too deep"
# Numbers that may be too large for a float: Python is asked about them, for Rust would make them infinite.
# A pattern that begins with one letter is the quickest to look for; few texts have a capital one.
LARGE_EXPONENT, MANY_DIGITS, CAPITAL_E = re.compile(rb"e\+?[0-9]{3}"), re.compile(rb"[0-9]{300}"), ord("E")


def read_body(data: bytes, scope: Scope) -> Any:
    """What is said by a body that is no form. `RequestValidationError` for malformed JSON."""
    if not data:
        return MISSING
    for name, value in header_fields(scope):
        if name == b"content-type":
            is_json = value == b"application/json" or is_json_type(value.decode("latin-1"))
            return read_json(data) if is_json else data
    return data


def is_json_type(content_type: str) -> bool:
    """Whether this is JSON: `application/json`, `application/problem+json`, whatever its parameters."""
    kind, _, subkind = content_type.partition(";")[0].strip().lower().partition("/")
    return kind == "application" and (subkind == "json" or subkind.endswith("+json"))


def read_json(data: bytes) -> Any:
    """What the JSON says; NaN, Infinity, 1e999 and more than 200 levels are none."""
    if not may_be_infinite(data):
        try:
            return from_json(data, allow_inf_nan=False)
        except ValueError as error:
            if "recursion limit" in str(error):
                raise no_json(MalformedJSON(TOO_DEEP, data)) from None
    try:
        value = parse_json(data)
        if is_deep(value):
            raise MalformedJSON(TOO_DEEP, data)
        return value
    except MalformedJSON as error:
        raise no_json(error) from error


def may_be_infinite(data: bytes) -> bool:
    """Whether a number in it may be too large for a float; few are that only look like it."""
    small = data.lower() if CAPITAL_E in data else data
    return LARGE_EXPONENT.search(small) is not None or (len(data) >= 300 and MANY_DIGITS.search(data) is not None)


def no_json(error: MalformedJSON) -> RequestValidationError:
    """422, with the place and the words of the parser."""
    line = {"type": "json_invalid", "loc": ("body", error.pos), "msg": "JSON decode error", "input": {}}
    return RequestValidationError([{**line, "ctx": {"error": error.msg}}], body=error.doc)


def is_deep(value: Any) -> bool:
    """Whether there are more than 200 levels: what is said about such a value could not be written."""
    level = [value]
    for _ in range(201):
        containers = [each for each in level if isinstance(each, dict | list)]
        level = [below for each in containers for below in (each.values() if isinstance(each, dict) else each)]
    return bool(level)


async def read_form(plan: BodyPlan, request: Any) -> FormData:
    """The fields and files; HTTPException 400 for a malformed form. A file that is asked for as bytes is read, and stands at its beginning again."""
    form: FormData = await request.form()
    as_bytes = {name for field in plan.fields if wants_bytes(field.parameter) for name in field.names}
    if not as_bytes:
        return form
    items: list[tuple[str, Any]] = []
    for name, value in form.multi_items():
        if name in as_bytes and isinstance(value, UploadFile) and not (value.filename == "" and value.size == 0):
            items.append((name, await value.read()))
            await value.seek(0)
        else:
            items.append((name, value))
    return FormData(items)
