"""A document as one HTML page: nothing is loaded from elsewhere, and everything shown is escaped."""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from html import escape
from typing import Any
from urllib.parse import quote

from framework.openapi._look import SCRIPT, STYLE
from framework.openapi._words import schema_words

__all__ = ["HEADERS", "page", "page_content"]

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
CODE = re.compile(r"`+([^`\n]+)`+")
PARAMETER = re.compile(r"\{[^{}]*\}")


def _source(text: str) -> str:
    """How a policy names a style or a script by what it is (CSP level 3 section 2.3.1)."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; style-src {_source(STYLE)}; script-src {_source(SCRIPT)}; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def page(content: tuple[str, str], link: str) -> str:
    """The page, whose content is from `page_content`; `link` leads to the document."""
    head, body = content
    return f'{head}<a class="link" href="{escape(link)}" download>OpenAPI document</a>{body}'


def page_content(document: Mapping[str, Any]) -> tuple[str, str]:
    """What is before the link to the document, and what follows it."""
    info = document["info"]
    head = [
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        '<link rel="icon" href="data:,">',
        f"<title>{escape(info['title'])}</title>\n<style>{STYLE}</style>",
        f"<header><h1>{escape(info['title'])} <small>{escape(info['version'])}</small></h1>",
        _prose(info.get("description", "")),
    ]
    body = [
        '<input type="search" placeholder="Filter" aria-label="Filter operations" hidden></header>',
        "<main>",
        *_operations(document.get("paths", {})),
        *_schemas(document.get("components", {}).get("schemas", {})),
        f"</main>\n<script>{SCRIPT}</script>",
    ]
    return "\n".join(head), "\n".join(body)


def _operations(paths: Mapping[str, Any]) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for path, item in paths.items():
        for method, operation in item.items():
            if method in METHODS:
                tag = next(iter(operation.get("tags", ())), "")
                groups.setdefault(tag, []).append(_operation(path, method, operation))
    for tag, shown in groups.items():
        heading = f"<h2>{escape(tag)}</h2>" if tag else ""
        yield f"<section>{heading}{''.join(shown)}</section>"
    if not groups:
        yield '<p class="dim">There are no operations.</p>'


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    about = escape(operation.get("summary", ""))
    is_old = operation.get("deprecated", False)
    return "".join(
        [
            f'<details class="operation" id="operation/{_anchor(operation.get("operationId", f"{method} {path}"))}">',
            f'<summary{" class=old" if is_old else ""}><b class="method {method}">{method}</b>',
            f'<span class="about"><code class="path">{_path(path)}</code> <span>{about}</span></span>',
            "</summary><div>",
            '<p class="warning">Deprecated</p>' if is_old else "",
            _prose(operation.get("description", "")),
            *(
                f"<p>Server: <code>{escape(s['url'])}</code></p>"
                for s in operation.get("servers", ())
            ),
            _parameters(operation.get("parameters", ())),
            _body(operation.get("requestBody", {})),
            _responses(operation.get("responses", {})),
            "</div></details>",
        ]
    )


def _parameters(parameters: Any) -> str:
    rows = [
        (
            f"<code>{escape(_named(each, 'name'))}</code> <span class=dim>{escape(each.get('in', ''))}</span>",
            schema_words(each.get("schema", {})) + _mark(each) + _note(each),
        )
        for each in parameters
    ]
    return _table("Parameters", rows)


def _body(body: Mapping[str, Any]) -> str:
    content: Mapping[str, Any] = body.get("content", {})
    return _table(
        "Request body", [(f"<code>{escape(m)}</code>", _media(c)) for m, c in content.items()]
    )


def _responses(responses: Mapping[str, Any]) -> str:
    rows: list[tuple[str, str]] = []
    for status, response in responses.items():
        kinds = [
            f"<br>{_media(media)} <code class=dim>{escape(kind)}</code>"
            for kind, media in response.get("content", {}).items()
        ]
        rows.append(
            (
                f'<b class="status s{escape(status[0])}">{escape(status)}</b>',
                f"{_code(_named(response, 'description'))}{''.join(kinds)}",
            )
        )
    return _table("Responses", rows)


def _schemas(schemas: Mapping[str, Any]) -> Iterator[str]:
    yield "<section><h2>Schemas</h2>"
    for name, schema in schemas.items():
        required = schema.get("required", ())
        rows = [
            (
                f"<code>{escape(member)}</code>",
                f"{schema_words(each)}{_mark({'required': member in required})}{_note(each)}",
            )
            for member, each in schema.get("properties", {}).items()
        ]
        shown = _table("", rows) if rows else f"<p>{schema_words(schema)}</p>"
        yield (
            f'<details id="schema/{_anchor(name)}"><summary><code>{escape(name)}</code></summary>'
            f"<div>{_prose(schema.get('description', ''))}{shown}</div></details>"
        )
    yield "</section>"


def _table(heading: str, rows: list[tuple[str, str]]) -> str:
    if not rows:
        return ""
    title = f"<h3>{heading}</h3>" if heading else ""
    lines = "".join(f"<tr><th scope=row>{name}<td>{about}" for name, about in rows)
    return f"{title}<table>{lines}</table>"


def _media(media: Mapping[str, Any]) -> str:
    return schema_words(media["schema"]) if "schema" in media else ""


def _mark(each: Mapping[str, Any]) -> str:
    return ' <span class="required">required</span>' if each.get("required") else ""


def _named(each: Mapping[str, Any], member: str) -> str:
    """A member of an object, or where the object is that this one refers to."""
    text: str = each.get(member) or each.get("$ref", "")
    return text


def _note(each: Mapping[str, Any]) -> str:
    return f"<br>{_code(each['description'])}" if "description" in each else ""


def _path(path: str) -> str:
    """A path that may be broken after its slashes, its parameters marked."""
    marked = PARAMETER.sub(lambda found: f"<i>{found[0]}</i>", escape(path))
    return "/<wbr>".join(marked.split("/")).replace("</<wbr>i>", "</i>")


def _prose(text: str) -> str:
    return "".join(f"<p>{_code(part)}</p>" for part in text.split("\n\n") if part.strip())


def _code(text: str) -> str:
    return CODE.sub(r"<code>\1</code>", escape(text))


def _anchor(name: str) -> str:
    return escape(quote(name))
