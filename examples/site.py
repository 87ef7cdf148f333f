"""A small site as one would run it: pages from templates, files with compressed siblings, a session.

Serve the pages with `uvicorn examples.site:app`, and the API that they ask, which is another origin, with
`uvicorn examples.site:api --port 8001`. Each is told by the environment where the other one is.
"""

import logging
import os
import secrets
from collections import deque
from pathlib import Path
from urllib.parse import urlsplit

from framework import App, HTTPException, RedirectResponse, Request, Response
from framework.middleware.access_log import AccessLogMiddleware
from framework.middleware.compression import CompressionMiddleware
from framework.middleware.cors import CORSMiddleware
from framework.middleware.csrf import CSRFMiddleware
from framework.middleware.request_id import RequestIDMiddleware
from framework.middleware.security_headers import SecurityHeadersMiddleware, csp_nonce
from framework.middleware.sessions import SessionMiddleware
from framework.middleware.trusted_host import TrustedHostMiddleware
from framework.staticfiles import StaticFiles
from framework.templating import Jinja2Templates

SITE = os.environ.get("SITE_ORIGIN", "http://127.0.0.1:8000")
API = os.environ.get("SITE_API", "http://127.0.0.1:8001")
SECRET = os.environ.get("SITE_SECRET") or secrets.token_hex(32)  # a restart ends the sessions

FOLDER = Path(__file__).parent / "site_assets"
LONGEST_NAME = 60

logging.basicConfig(level=logging.INFO, format="%(message)s")


def for_pages(request: Request) -> dict[str, object]:
    """What every template may use."""
    return {"csp_nonce": csp_nonce(request), "request_id": request.state.request_id}


templates = Jinja2Templates(directory=FOLDER / "templates", context_processors=[for_pages])
guests: deque[str] = deque(maxlen=20)

app = App()
# What is added later is outside of what is there: a request comes through these from below.
app.add_middleware(SessionMiddleware, secret_key=SECRET)
app.add_middleware(CSRFMiddleware)
app.add_middleware(CompressionMiddleware)
app.add_middleware(
    SecurityHeadersMiddleware,
    content_security_policy={
        "default-src": "'self'",
        "script-src": ["'self'", "'nonce'"],
        "connect-src": API,
        "base-uri": "'none'",
        "form-action": "'self'",
    },
)
app.add_middleware(TrustedHostMiddleware, allowed_hosts=[urlsplit(SITE).hostname or "localhost"])
app.add_middleware(AccessLogMiddleware)
app.add_middleware(RequestIDMiddleware)

app.mount(
    "/static",
    StaticFiles(directory=FOLDER / "static", cache_control="no-cache"),
    name="static",
)


@app.get("/")
async def page(request: Request) -> Response:
    """The guest book, and how often this visitor has seen it."""
    session = request.session
    session["visits"] = session.get("visits", 0) + 1
    context = {
        "api": API,
        "guests": guests,
        "name": session.get("name"),
        "visits": session["visits"],
    }
    return templates.TemplateResponse(request, "guests.html", context)


@app.post("/sign")
async def sign(request: Request) -> Response:
    """Add a guest."""
    name = str((await request.form()).get("name", "")).strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise HTTPException(422, f"a name has 1 to {LONGEST_NAME} characters")
    request.session["name"] = name
    guests.appendleft(name)
    return RedirectResponse(request.url_path_for("page"), 303)


api = App()
api.add_middleware(CORSMiddleware, allow_origins=[SITE], allow_headers=["content-type"])
api.add_middleware(AccessLogMiddleware)


@api.post("/weather")
async def weather(request: Request) -> dict[str, object]:
    """The weather at a place."""
    wanted = await request.json()
    return {"place": wanted["place"], "degrees": 19}
