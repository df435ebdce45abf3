"""What a spec promises to callers, as JSON Schema 2020-12 and OpenAPI 3.1."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from evalkit.spec.schema import Spec
from evalkit.spec.shapes import request_model, response_model

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(spec: Spec) -> dict[str, Any]:
    """``{"request": schema, "response": schema}``, JSON Schema 2020-12, named by the spec's reference."""
    return {
        "request": _schema(request_model(spec), spec, "request"),
        "response": _schema(response_model(spec), spec, "response"),
    }


def openapi(spec: Spec) -> dict[str, Any]:
    """OpenAPI 3.1 of an endpoint that serves the spec: one POST, its reply, and its errors without values."""
    models = [(request_model(spec), "validation"), (response_model(spec), "validation")]
    _, definitions = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    schemas = {**definitions["$defs"], "Error": _ERROR}
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": DIALECT,
        "info": {"title": spec.title, "version": spec.version, "description": spec.prose.get("Purpose", "")},
        "paths": {
            f"/{spec.id}": {
                "post": {
                    "operationId": spec.id,
                    "summary": spec.title,
                    "requestBody": {"required": True, "content": _content("Request")},
                    "responses": {
                        "200": {"description": "Answered, refused, or for review", "content": _content("Response")},
                        "4XX": {"description": "The request breaks the contract", "content": _content("Error")},
                    },
                }
            }
        },
        "components": {"schemas": dict(sorted(schemas.items()))},
    }


_ERROR = {
    "type": "object",
    "additionalProperties": False,
    "required": ["code"],
    "properties": {
        "code": {"type": "string", "description": "What is wrong; never a value"},
        "field": {"type": ["string", "null"], "description": "The name of a declared field"},
    },
}


def _content(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _schema(model: type[BaseModel], spec: Spec, part: str) -> dict[str, Any]:
    schema = model.model_json_schema(mode="validation")
    return {"$schema": DIALECT, "$id": f"urn:evalkit:{spec.id}:{spec.version}:{part}", **schema}
