"""BlackSheep: https://www.neoteroi.dev/blacksheep/. Plain handlers run in the event loop."""

import threading
from collections.abc import AsyncIterator

import anyio
from blacksheep import (
    Application,
    Request,
    Response,
    Router,
    StreamedContent,
    WebSocket,
    WebSocketDisconnectError,
    json,
    no_content,
    text,
)

from tests.benchmarks.apps.compared import FOLDER, FRIEND, Mounted

__all__ = ["app", "closed"]

closed: list[str] = []
router = Router()
app = Application(router=router)
app.use_cors(allow_origins=FRIEND, allow_methods="*")
app.serve_files(FOLDER, root_path="static", extensions={".css"})
app.mount_registry.auto_events = True
app.mount("/mounted", Mounted())


@router.get("/text")
async def hello() -> Response:
    return text("hello")


@router.get("/items")
async def items() -> Response:
    return json([1, 2])


@router.post("/items")
async def add_item() -> Response:
    return text("added")


@router.get("/users/{int:id}")
async def user(id: int) -> Response:
    return text(str(id))


@router.get("/names/{name}")
async def name(name: str) -> Response:
    return text(name)


@router.post("/json")
async def echo_json(request: Request) -> Response:
    return json(await request.json())


@router.post("/body")
async def body(request: Request) -> Response:
    return text(str(len(await request.read() or b"")))


@router.get("/query")
async def query(a: list[str]) -> Response:
    return text(",".join(a))


@router.get("/cookie")
async def cookie(request: Request) -> Response:
    return text(request.get_cookie("b") or "no cookie")


@router.get("/field")
async def field(value: str) -> Response:
    response = text("sent")
    response.add_header(b"x-told", value.encode())
    return response


@router.get("/nothing")
async def nothing() -> Response:
    return no_content()


@router.get("/boom")
async def boom() -> Response:
    raise LookupError("a secret")


@router.get("/thread")
def thread() -> Response:
    return text(str(threading.get_ident()))


async def waiting() -> AsyncIterator[bytes]:
    try:
        yield b"begun"
        await anyio.sleep_forever()
    finally:
        closed.append("wait")


@router.get("/wait")
async def wait() -> Response:
    return Response(200, content=StreamedContent(b"text/plain", waiting))


@router.ws("/ws")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnectError:
        pass
