"""BlackSheep: https://www.neoteroi.dev/blacksheep/"""

from collections.abc import Awaitable, Callable
from typing import Any

from blacksheep import Application, Request, Response, Router, json, text

from tests.benchmarks.asgi import LAYERS, PassThrough
from tests.benchmarks.github import ROUTES

__all__ = ["bodies", "github", "nested", "plain", "wrapped"]


async def home() -> Response:
    return text("Hello, World!")


async def message() -> Response:
    return json({"message": "Hello, World!"})


async def item(id: int) -> Response:
    return text(str(id * 2))


async def search(request: Request, q: str) -> Response:
    request_id = request.get_first_header(b"x-request-id") or b""
    return text(f"{q} {request_id.decode()}")


async def echo(request: Request) -> Response:
    return json(await request.json())


async def form(request: Request) -> Response:
    form: Any = await request.form()
    return text(form["name"])


async def multipart(request: Request) -> Response:
    form: Any = await request.form()
    return text(str(form["file"][0].size))


async def upload(request: Request) -> Response:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
    return text(str(size))


async def show(request: Request) -> Response:
    values = request.route_values or {}
    return text(",".join(("ok", *(value or "" for value in values.values()))))


async def passing(request: Request, handler: Callable[[Request], Awaitable[Response]]) -> Response:
    return await handler(request)


def build() -> Application:
    app = Application(router=Router())
    app.router.add_get("/", home)
    app.router.add_get("/json", message)
    app.router.add_get("/items/{int:id}", item)
    app.router.add_get("/search", search)
    app.router.add_post("/echo", echo)
    return app


plain = build()

github = build()
for route in ROUTES:
    github.router.add(route.method, route.pattern, show)

wrapped: Any = build()
for _ in range(LAYERS):
    wrapped = PassThrough(wrapped)

nested = build()
nested.middlewares.extend([passing] * LAYERS)

bodies = Application(router=Router())
bodies.router.add_post("/form", form)
bodies.router.add_post("/multipart", multipart)
bodies.router.add_post("/upload", upload)
