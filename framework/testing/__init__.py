"""Clients that test an app in process, without a server: `TestClient`, and `AsyncTestClient` to be awaited.

They are httpx's clients, with a server of our own behind them. It runs the lifespan, streams both ways,
speaks WebSocket, tells the app when the client leaves, and refuses what the ASGI specification does not
allow. An app of any framework can be tested.
"""

from framework.testing._call import ASGIViolation
from framework.testing._clients import AsyncTestClient, TestClient
from framework.testing._server import EXTENSIONS
from framework.testing._sessions import (
    AsyncWebSocketTestSession,
    WebSocketDenialResponse,
    WebSocketTestSession,
)

__all__ = [
    "EXTENSIONS",
    "ASGIViolation",
    "AsyncTestClient",
    "AsyncWebSocketTestSession",
    "TestClient",
    "WebSocketDenialResponse",
    "WebSocketTestSession",
]
