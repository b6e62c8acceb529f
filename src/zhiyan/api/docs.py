"""A page about the API, written from its own schema: no scripts, nothing from elsewhere."""

from html import escape
from typing import Any

_STYLE = """
body{font:15px/1.6 system-ui,"Noto Sans CJK SC",sans-serif;max-width:60rem;margin:2rem auto;
padding:0 1rem;color:#1b2430;background:#fff}
h1{font-size:1.5rem}h2{font-size:1rem;margin:2rem 0 .2rem}
code{background:#eef2f7;padding:.1rem .35rem;border-radius:4px}
table{border-collapse:collapse;width:100%;margin:.5rem 0}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #dde3ec;vertical-align:top}
"""


def page(schema: dict[str, Any], nonce: str) -> str:
    """Return the API's description as HTML."""
    routes = "".join(
        _route(path, method.upper(), operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    )
    models = "".join(
        _model(name, model) for name, model in sorted(schema["components"]["schemas"].items())
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>API</title>'
        f'<style nonce="{escape(nonce)}">{_STYLE}</style></head><body><main>'
        f"<h1>{escape(schema['info']['title'])} API {escape(schema['info']['version'])}</h1>"
        f'<p>Schema: <a href="/api/openapi.json">/api/openapi.json</a></p>'
        f"{routes}<h1>Models</h1>{models}</main></body></html>"
    )


def _route(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}</td>"
        f"<td>{escape(_type(one['schema']))}</td>"
        f"<td>{escape(one.get('description', ''))}</td></tr>"
        for one in operation.get("parameters", ())
    )
    table = f"<table><tr><th>name</th><th>in</th><th>type</th><th></th></tr>{rows}</table>"
    body = operation.get("requestBody", {}).get("content", {})
    good = operation["responses"]["200"].get("content", {})
    return (
        f"<h2><code>{method} {escape(path)}</code></h2>"
        f"<p>{escape(operation.get('description', ''))}</p>{table if rows else ''}"
        f"<p>{_content('Takes', body)} {_content('Answers', good)}</p>"
    )


def _content(verb: str, content: dict[str, Any]) -> str:
    schema = content.get("application/json", {}).get("schema")
    return f"{verb} <code>{escape(_type(schema))}</code>." if schema else ""


def _model(name: str, model: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code></td><td>{escape(_type(schema))}</td></tr>"
        for field, schema in model.get("properties", {}).items()
    )
    return (
        f'<h2 id="{escape(name)}">{escape(name)}</h2><p>{escape(model.get("description", ""))}</p>'
        f"<table>{rows}</table>"
    )


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"mapping to {_type(schema['additionalProperties'])}"
    return str(schema.get("format") or schema.get("type", "any"))
