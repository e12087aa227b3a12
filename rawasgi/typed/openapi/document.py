"""The routes of an app in -> its OpenAPI document out.

bytes > server > app > middleware > [routing > handler > response] > bytes

    get_openapi(title="Shop", version="1.2", routes=app.routes)
    ->  {"openapi": "3.1.0", "info": {"title": "Shop", "version": "1.2"}, "paths": {"/items": {"get": {…}}}, …}

What is documented is what has a plan: a handler that takes the request alone says nothing about what it reads, and is
left out, as are websockets, mounted apps and what is hidden by `include_in_schema=False`.

Each operation has an id, from which tools make the names of functions. Two equal ids would make one function of two
routes: they are refused, both handlers named.

Spec:         https://github.com/OAI/OpenAPI-Specification/blob/main/versions/3.1.1.md#openapi-object
In FastAPI:   fastapi.openapi.utils:get_openapi
In Starlette: starlette.schemas:SchemaGenerator.get_schema
In Flask:     none, because it has no documentation
Left out:     webhooks, callbacks
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rawasgi.routing import BaseRoute
from rawasgi.typed.openapi.described import Described, describe, path_of
from rawasgi.typed.openapi.operations import INVALID, INVALID_SCHEMAS, operations
from rawasgi.typed.openapi.schemas import NoSchemaError, Schemas, plain
from rawasgi.typed.plan import Plan


def get_openapi(
    *,
    title: str,
    version: str,
    openapi_version: str = "3.1.0",
    summary: str | None = None,
    description: str | None = None,
    routes: Sequence[BaseRoute],
    tags: list[dict[str, Any]] | None = None,
    servers: list[dict[str, Any]] | None = None,
    terms_of_service: str | None = None,
    contact: dict[str, Any] | None = None,
    license_info: dict[str, Any] | None = None,
    separate_input_output_schemas: bool = True,
    external_docs: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The document, as plain JSON values.

    ValueError for two operations of one id, for two different security schemes of one name, for a type that JSON Schema
    cannot describe, and for a status that is none; TypeError for a default or an example that is no JSON.
    """
    info = {
        "title": title,
        "version": version,
        "summary": summary,
        "description": description,
        "termsOfService": terms_of_service,
        "contact": contact,
        "license": license_info,
    }
    documented = list(described(routes))
    schemas = schemas_of(documented, separate_input_output_schemas)
    paths: dict[str, Any] = {}
    for route in documented:
        found = paths.setdefault(route.path, {})
        for method, operation in operations(route, schemas):
            found.setdefault(method, operation)  # of two for one request the first answers
    document = {
        "openapi": openapi_version,
        "info": {name: value for name, value in info.items() if value},
        "servers": servers,
        "paths": paths,
        "components": components(documented, schemas, paths),
        "tags": tags,
        "externalDocs": external_docs,
    }
    kept = {name: value for name, value in document.items() if value or name == "paths"}
    made: dict[str, Any] = plain(kept)
    return made


def schemas_of(documented: list[Described], separate: bool) -> Schemas:
    """The schemas of all routes; an error names the route that it is about."""
    try:
        return Schemas((shape for route in documented for shape in route.shapes()), separate)
    except NoSchemaError as error:
        route = next(route for route in documented if error.shape in [*route.shapes()])
        raise ValueError(
            f"{route.plan.path}, {origin(route.plan)}: {error.shape.title!r} has no JSON schema: "
            f"{error}. Annotate another type, or hide the route with include_in_schema=False"
        ) from None


def described(routes: Iterable[BaseRoute]) -> Iterator[Described]:
    """The routes that the document shows, each with its shapes and the ids of its operations."""
    known: dict[str, str] = {}
    for route in routes:
        plan: Plan | None = getattr(route, "plan", None)
        if plan is not None and plan.methods and plan.description.include_in_schema:
            ids = operation_ids(route, plan)
            for method, operation_id in ids.items():
                whose = f"{method} {plan.path}, {origin(plan)}"
                if operation_id in known:
                    raise ValueError(
                        f"two operations have the id {operation_id!r}: {known[operation_id]}; and {whose}. "
                        f"Give one of them another `operation_id`, or its function another name"
                    )
                known[operation_id] = whose
            yield describe(plan, route.name or plan.endpoint.name, ids)


def operation_ids(route: BaseRoute, plan: Plan) -> dict[str, str]:
    """Method -> id: the one that the route gives, or one made of name, path and method. HEAD comes with GET, unsaid."""
    said = plan.description
    methods = sorted(method for method in plan.methods if method != "HEAD" or "GET" not in plan.methods)
    if said.operation_id:
        return dict.fromkeys(methods, said.operation_id)
    if said.generate_unique_id_function is not None:
        own = said.generate_unique_id_function(route)
        return {method: own if len(methods) == 1 else f"{own}_{method.lower()}" for method in methods}
    stem = re.sub(r"\W", "_", f"{route.name}{path_of(plan)}")
    return {method: f"{stem}_{method.lower()}" for method in methods}


def origin(plan: Plan) -> str:
    """Where a handler is written: `read_item() in shop.py, line 12`."""
    func = plan.endpoint.func
    code = getattr(func, "__code__", None)
    return f"{plan.endpoint.name}()" + (f" in {code.co_filename}, line {code.co_firstlineno}" if code else "")


def components(documented: list[Described], schemas: Schemas, paths: dict[str, Any]) -> dict[str, Any]:
    """What operations refer to: models, the 422 where one of them has it, and security schemes."""
    found = dict(schemas.components)
    operations_made = [operation for path in paths.values() for operation in path.values()]
    if any(operation["responses"].get("422") == INVALID for operation in operations_made):
        if taken := found.keys() & INVALID_SCHEMAS.keys():
            raise ValueError(f"the models of a 422 are called {' and '.join(sorted(taken))}: give yours another name")
        found |= INVALID_SCHEMAS
    schemes = schemes_of(documented)
    made = {"schemas": {name: found[name] for name in sorted(found)}, "securitySchemes": schemes}
    return {name: value for name, value in made.items() if value}


def schemes_of(documented: list[Described]) -> dict[str, Any]:
    """The security schemes by name; two objects that say the same are one."""
    found: dict[str, Any] = {}
    for use in (use for route in documented for use in route.plan.security):
        name, model = use.scheme.scheme_name, use.scheme.model
        if found.setdefault(name, model) != model:
            raise ValueError(
                f"two security schemes are called {name!r}: {found[name]} and {model}; give one another `scheme_name`"
            )
    return found
