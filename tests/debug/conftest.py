"""An app in debug mode that fails in the ways that its pages have to stand."""

import pytest

from framework import App, Request


@pytest.fixture
def debugged() -> App:
    """An app with debug=True."""
    app = App(debug=True)

    @app.get("/orders/{number:int}")
    async def order(request: Request, number: int) -> str:
        password = markup = "<script>alert(1)</script>"
        api_key = "concealed"
        raise ValueError(f"{number} {markup} \ud800 {len(password)} {len(api_key)}")

    return app
