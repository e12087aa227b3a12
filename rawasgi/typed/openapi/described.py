"""The plan of a route in -> everything in it that has a schema out.

bytes > server > app > middleware > [routing > handler > response] > bytes

A document is made in two passes: first the shapes of all routes are gathered, then pydantic is asked about all of them,
and only then can a route be written down. This is the first pass: what a plan reads, as OpenAPI names it.

    async def search(q: str, paging: Annotated[Paging, Query()], agent: Annotated[str, Header()]): ...
    ->  query q, query page, query size (the fields of `Paging`), header agent

Spec:         https://github.com/OAI/OpenAPI-Specification/blob/main/versions/3.1.1.md#parameter-object
In FastAPI:   fastapi.openapi.utils:get_fields_from_routes
In Starlette: none, because it knows no parameters
In Flask:     none, because it knows no parameters
Left out:     callbacks, webhooks
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rawasgi.paths import PARAMETER
from rawasgi.typed.annotations import one_of
from rawasgi.typed.fields import Field, ModelField, Part, UnionField
from rawasgi.typed.making import annotation_of
from rawasgi.typed.openapi.schemas import Shape, named, object_of, optional, type_of
from rawasgi.typed.plan import BodyPlan, Call, Plan


@dataclass(frozen=True)
class ParameterShape:
    """A parameter as a client sees it."""

    name: str
    place: str  # path, query, header or cookie
    required: bool
    shape: Shape
    options: dict[str, Any]  # of the declaration


@dataclass(frozen=True)
class BodyShape:
    """A request body."""

    media_type: str
    required: bool
    shape: Shape
    options: dict[str, Any]


@dataclass(frozen=True)
class Described:
    """A route with the shapes of what it reads and of what it answers."""

    plan: Plan
    name: str  # of the route
    path: str  # as a client writes it, parameters in braces
    operation_ids: dict[str, str]  # method -> id
    parameters: tuple[ParameterShape, ...]
    body: BodyShape | None
    answer: Shape | None
    item: Shape | None  # of a stream
    answers: dict[Any, Shape]  # further statuses that have a model

    def shapes(self) -> Iterator[Shape]:
        """All that has a schema."""
        yield from (parameter.shape for parameter in self.parameters)
        yield from (found.shape for found in (self.body,) if found is not None)
        yield from (shape for shape in (self.answer, self.item, *self.answers.values()) if shape is not None)


def describe(plan: Plan, name: str, operation_ids: dict[str, str]) -> Described:
    """Gather the shapes of a plan."""
    unique = next(iter(operation_ids.values()))
    answer, responses = plan.answer, plan.description.responses
    return Described(
        plan,
        name,
        path_of(plan),
        operation_ids,
        tuple(parameters_of(plan)),
        None if plan.body is None else body_of(plan.body, unique),
        written(answer.response_model, f"Response_{unique}"),
        written(answer.stream_item, f"StreamItem_{unique}"),
        {
            status: Shape.of(response["model"], "serialization", title_of(f"Response_{status}_{unique}"))
            for status, response in responses.items()
            if response.get("model") is not None
        },
    )


def path_of(plan: Plan) -> str:
    """The path as OpenAPI has it: `/files/{name:path}` is `/files/{name}`."""
    return PARAMETER.sub(r"{\1}", plan.path)


def written(annotation: Any, name: str) -> Shape | None:
    """The shape of what goes out, where something is known of it."""
    return None if annotation is None else Shape.of(annotation, "serialization", title_of(name))


def title_of(name: str) -> str:
    """`item_id` -> `Item Id`."""
    return name.title().replace("_", " ")


def parameters_of(plan: Plan) -> Iterator[ParameterShape]:
    """The parameters, by place, and in each place the handler's own before those of its dependencies; each once.

    Where two functions read the same one, that which requires it is right: a client has to send it.
    """
    fields = [field for call in from_the_endpoint(plan) for field in call.fields]
    found: dict[tuple[str, str], ParameterShape] = {}
    for place in ("path", "query", "header", "cookie"):
        for field in fields:
            if field.place == place and field.parameter.declared and field.parameter.declared.include_in_schema:
                for shape in shapes_of(field):
                    known = found.get((place, shape.name))
                    if known is None or (shape.required or not known.required):
                        found[place, shape.name] = shape
    return iter(found.values())


def from_the_endpoint(plan: Plan) -> Iterable[Call]:
    """The calls as a reader meets them: the endpoint, what its route asks for beside it, what it takes; each once."""
    calls = {call.number: call for call in plan.calls}
    found = {plan.endpoint.number: plan.endpoint}

    def visit(numbers: Iterable[int]) -> None:
        for number in numbers:
            if number not in found:
                found[number] = calls[number]
                visit(taken_by(calls[number]))

    taken = {number for call in plan.calls for number in taken_by(call)}
    visit(call.number for call in plan.calls if call.number not in taken)
    visit(taken_by(plan.endpoint))
    return found.values()


def taken_by(call: Call) -> list[int]:
    """The calls whose values are arguments of this one."""
    return [argument.call for argument in call.arguments if argument.call is not None]


def shapes_of(field: Field) -> Iterator[ParameterShape]:
    """One parameter, or those that a parameter model stands for."""
    if not isinstance(field, ModelField):
        shape = Shape(field.adapter, "validation", titled(field))
        yield ParameterShape(field.names[0], field.place, field.parameter.required, shape, options_of(field))
        return
    for part, info in parts_of(field):
        required = info.is_required() and field.parameter.required
        shape = Shape.of(type_of(info), "validation", info.title or title_of(part.key))
        said = {"description": info.description, "deprecated": info.deprecated}
        yield ParameterShape(part.names[0], field.place, required, shape, said)


def parts_of(field: ModelField) -> Iterator[tuple[Part, Any]]:
    """The parts of a parameter model, each with what pydantic knows of it."""
    return zip(field.parts, field.model.model_fields.values() if field.model else (), strict=True)


def options_of(field: Field) -> dict[str, Any]:
    """What its declaration says."""
    return field.parameter.declared.options if field.parameter.declared else {}


def titled(field: Field) -> str:
    """The title that was given, or one made of the name in the request."""
    title: str = options_of(field).get("title") or title_of(field.names[0])
    return title


def body_of(body: BodyPlan, unique: str) -> BodyShape:
    """The body: what its only field is, or an object that has each field as a key.

    A form has no null and nothing below its fields: the fields of a model are its own, whether it may be missing or not.
    """
    required = any(field.parameter.required for field in body.fields)
    if not body.embed:
        (field,) = body.fields
        shape = Shape(field.adapter, "validation", titled(field))
        if isinstance(field, ModelField):
            shape = Shape.of(field.model, "validation", titled(field))
        if isinstance(field, UnionField) and not field.parameter.required:
            shape = Shape.of(one_of(member.model for member in field.members), "validation", titled(field))
        return BodyShape(body.media_type, required, shape, options_of(field))
    name = f"Body_{unique}"
    keys = {key: kind for field in body.fields for key, kind in keys_of(field)}
    return BodyShape(body.media_type, required, Shape.of(object_of(name, keys), "validation", title_of(name)), {})


def keys_of(field: Field) -> Iterator[tuple[str, Any]]:
    """The keys that a field has in the object, as a client calls them: its own, or those of its model."""
    if isinstance(field, UnionField):  # which of them are needed depends on the model
        for member in field.members:
            yield from ((key, optional(kind)) for key, kind in keys_of(member))
        return
    if not isinstance(field, ModelField):
        yield field.names[0], named(annotation_of(field.parameter), field.names[0], options_of(field))
        return
    for part, info in parts_of(field):
        kind = named(type_of(info), part.names[0], {"deprecated": info.deprecated})
        yield part.names[0], kind if field.parameter.required else optional(kind)
