"""Other apps inside ours: an old one of Flask, one of Starlette, and files, with one middleware around all.

Serve it with `uvicorn examples.mounting:app`; it needs `pip install flask starlette`. Django is mounted
like Flask (its `wsgi.py`) or like Starlette (its `asgi.py`); FastAPI, Litestar, Quart and an MCP server
are like Starlette.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import flask
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse
from starlette.routing import Route

from framework import App, HTMLResponse, Request
from framework.middleware.request_id import RequestIDMiddleware
from framework.staticfiles import StaticFiles
from framework.wsgi import WSGI

# The old part. It runs in threads, and knows its prefix: url_for() comes out below /shop.
shop = flask.Flask("shop")


@shop.get("/")
def shelf() -> str:
    """Link to another page of the shop."""
    return f"<a href={flask.url_for('item', number=7)}>The last one</a>"


@shop.get("/items/<int:number>")
def item(number: int) -> str:
    """Sell something."""
    return f"Item {number}"


# A part of another framework. Its lifespan runs inside ours.
@asynccontextmanager
async def prices(app: Starlette) -> AsyncGenerator[dict[str, dict[str, int]]]:
    """Read what is needed before the first request."""
    yield {"prices": {"tea": 4, "coffee": 5}}


async def price(request: StarletteRequest) -> JSONResponse:
    """Tell what something costs."""
    return JSONResponse({"price": request.state.prices.get(request.path_params["what"])})


cafe = Starlette(routes=[Route("/prices/{what}", price, name="price")], lifespan=prices)

# The new part, around them.
app = App()
app.add_middleware(RequestIDMiddleware)  # every answer of each of them has an id
app.mount("/shop", WSGI(shop))
app.mount("/cafe", cafe)
app.mount("/static", StaticFiles(directory=Path(__file__).parent / "site_assets" / "static"))


@app.get("/")
async def home(request: Request) -> HTMLResponse:
    """Link to all of them."""
    paths = ("/shop/", "/shop/items/7", "/cafe/prices/tea", "/static/icon.svg")
    return HTMLResponse("".join(f"<p><a href={path}>{path}</a>" for path in paths))
