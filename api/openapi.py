"""The OpenAPI document: FastAPI's, and what every route has in common, so that no route has to repeat it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from api.door import COOKIE, Door
from api.errors import Problem, documented
from api.idempotency import HEADER
from api.transactional import TransactionalRoute

REFERENCE = "#/components/schemas/{model}"
SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A machine key, or the token of a sign-in.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "What a sign-in sets in a browser.",
    },
}
KEY_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "description": "1 to 255 visible ASCII characters. A repeat with the same key has no second effect and gets "
    "the same answer, marked `Idempotent-Replayed: true`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
TAGS = r'^(\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*)$'
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "The `ETag` of what you have read, or `*` for whatever is there. 412 with the present `ETag` "
    "when it has changed since; 428 where it is required and missing. What isn't there yet needs none.",
    "schema": {"type": "string", "pattern": TAGS},
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of what you have: 304 when it is still the same.",
    "schema": {"type": "string", "pattern": TAGS},
}
ETAG = {"ETag": {"description": "The version that is shown, for `If-Match`.", "schema": {"type": "string"}}}
FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")


def document(app: FastAPI) -> dict[str, Any]:
    """Built once, when it is first asked for."""
    if app.openapi_schema is None:
        written = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
        )
        app.openapi_schema = _completed(app, written)
    return app.openapi_schema


def _completed(app: FastAPI, written: dict[str, Any]) -> dict[str, Any]:
    components = written.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    components["securitySchemes"] = SCHEMES
    _add_schema(schemas, Problem)
    for route in (route for route in app.routes if isinstance(route, Door) and route.include_in_schema):
        for operation in _operations(written, route):
            _complete(operation, route, schemas)
    for name in FASTAPIS_OWN:
        schemas.pop(name, None)
    written["components"]["schemas"] = dict(sorted(schemas.items()))
    return written


def _operations(written: dict[str, Any], route: Door) -> Iterator[dict[str, Any]]:
    for method in route.methods or ():
        yield written["paths"][route.path_format][method.lower()]


def _complete(operation: dict[str, Any], route: Door, schemas: dict[str, Any]) -> None:
    responses = operation.setdefault("responses", {})
    if "HTTPValidationError" in str(responses.get("422", "")):
        del responses["422"]
    for status in sorted(_statuses(route)):
        responses.setdefault(str(status), documented(status))
    if route.requirements:
        operation["security"] = [{"bearer": []}, {"cookie": []}]
        operation["x-grants"] = sorted(set().union(*route.requirements))
    if isinstance(route, TransactionalRoute) and route.needs_key:
        operation.setdefault("parameters", []).append(KEY_PARAMETER)
    if route.versioned is not None:
        _version(operation, route)
    for body in route.bodies:
        operation["requestBody"] = _json_or_form(_add_schema(schemas, body.model))


def _version(operation: dict[str, Any], route: Door) -> None:
    parameters = operation.setdefault("parameters", [])
    if "GET" in (route.methods or ()):
        parameters.append(IF_NONE_MATCH)
        operation["responses"]["304"] = {"description": "It is still what you have.", "headers": ETAG}
    elif route.versioned != "never":
        creates = "PUT" in (route.methods or ()) and "201" in operation["responses"]
        parameters.append({**IF_MATCH, "required": route.versioned == "required" and not creates})
    for status, response in operation["responses"].items():
        if status in ("200", "201", "412"):
            response["headers"] = ETAG


def _statuses(route: Door) -> set[int]:
    """The problems that a route has because of what it is."""
    statuses = {429, 500}
    statuses |= {401, 403} if route.requirements else set()
    statuses |= {404} if route.param_convertors else set()
    statuses |= {422} if route.dependant.query_params or route.param_convertors else set()
    statuses |= {503} if route.requirements or route.reads or route.writes else set()
    statuses |= {400, 408, 413, 415, 422} if route.body_field or route.bodies else set()
    statuses |= {400, 408, 409, 413, 422} if route.writes and "POST" in (route.methods or ()) else set()
    statuses |= {412} if route.versioned in ("optional", "required") else set()
    statuses |= {428} if route.versioned == "required" else set()
    return statuses | {400, 422}


def _json_or_form(schema: dict[str, str]) -> dict[str, Any]:
    types = ("application/json", "application/x-www-form-urlencoded")
    return {"required": True, "content": {name: {"schema": schema} for name in types}}


def _add_schema(schemas: dict[str, Any], model: type[BaseModel]) -> dict[str, str]:
    """Put `model` and what it refers to among the components; returns the reference."""
    schema = model.model_json_schema(ref_template=REFERENCE)
    for name, part in schema.pop("$defs", {}).items():
        schemas.setdefault(name, part)
    schemas.setdefault(model.__name__, schema)
    return {"$ref": REFERENCE.format(model=model.__name__)}
