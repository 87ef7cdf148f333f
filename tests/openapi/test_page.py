from typing import Any

from framework.openapi._page import HEADERS, page, page_content

EVIL = "<script>alert(1)</script>\"'&"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;"


def shown(**changes: Any) -> str:
    document: dict[str, Any] = {
        "info": {"title": "Todos", "version": "1"},
        "paths": {},
        "components": {"schemas": {}},
    }
    return page(page_content(document | changes), "/docs/openapi.json")


def operation(**changes: Any) -> Any:
    return {"operationId": "x", "responses": {"200": {"description": "OK"}}, **changes}


def test_a_page_without_operations_says_so() -> None:
    text = shown()
    assert "There are no operations." in text
    assert '<a class="link" href="/docs/openapi.json" download>' in text


def test_everything_is_escaped() -> None:
    schema = {
        "type": "object",
        "description": EVIL,
        "properties": {EVIL: {"type": "string", "description": EVIL, "default": EVIL}},
        "required": [EVIL],
    }
    parameter = {"name": EVIL, "in": "query", "schema": {"enum": [EVIL]}, "description": EVIL}
    described = operation(
        operationId=EVIL,
        tags=[EVIL],
        summary=EVIL,
        description=EVIL,
        servers=[{"url": EVIL}],
        parameters=[parameter],
        requestBody={"content": {EVIL: {"schema": {"$ref": f"#/components/schemas/{EVIL}"}}}},
        responses={EVIL: {"description": EVIL, "content": {EVIL: {}}}},
    )
    text = page(
        page_content(
            {
                "info": {"title": EVIL, "version": EVIL, "description": EVIL},
                "paths": {f"/{EVIL}/{{{EVIL}}}": {"get": described}},
                "components": {"schemas": {EVIL: schema}},
            }
        ),
        EVIL,
    )
    assert text.count("<script>") == text.count("</script>") == 1
    assert "alert(1)<" not in text
    assert text.count(ESCAPED) >= 15
    assert "onerror" not in text


def test_operations_are_grouped_by_their_first_tag() -> None:
    text = shown(
        paths={
            "/a": {"get": operation(tags=["users"], deprecated=True), "summary": "of the path"},
            "/b": {"post": operation(description="One.\n\nTwo `x`.\n\n")},
            "/c/{id}": {"delete": operation(tags=["users", "b"])},
        }
    )
    assert text.count("<section><h2>users</h2>") == 1
    assert text.index("/<wbr>a<") < text.index("/<wbr>c/<wbr><i>{id}</i>") < text.index("/<wbr>b<")
    assert "<p>One.</p><p>Two <code>x</code>.</p>" in text
    assert text.count("Deprecated") == 1


def test_a_parameter_shows_its_type_and_its_place() -> None:
    text = shown(
        paths={
            "/": {
                "get": operation(
                    parameters=[
                        {
                            "name": "id",
                            "in": "path",
                            "required": True,
                            "schema": {"type": "integer"},
                        }
                    ]
                )
            }
        }
    )
    assert (
        "<code>id</code> <span class=dim>path</span>"
        '<td>integer <span class="required">required</span>'
    ) in text


def test_a_schema_without_properties_is_said_in_words() -> None:
    text = shown(components={"schemas": {"Color": {"enum": ["red"]}}})
    assert '<details id="schema/Color">' in text
    assert "<p><code>&quot;red&quot;</code></p>" in text


def test_the_policy_allows_the_page_its_own_style_and_script_only() -> None:
    policy = HEADERS["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert " style=" not in shown()


def test_what_a_document_leaves_out_or_refers_to_is_no_obstacle() -> None:
    reference = {"$ref": "#/components/responses/Gone"}
    described = {"responses": {"410": reference}, "parameters": [reference]}
    text = "".join(
        page_content(
            {"info": {"title": "T", "version": "1"}, "paths": {"/": {"get": described, "put": {}}}}
        )
    )
    assert '<details class="operation" id="operation/get%20/">' in text
    assert text.count("#/components/responses/Gone") == 2
