"""Pages from templates, forms and a session: a notebook for everybody who logs in, kept in memory.

Serve it with `uvicorn examples.pages:app` and open http://localhost:8000. Who logs in first with a name
has it. The templates are in this file, so that it is the whole example; they are usually in a directory:
`Jinja2Templates("templates")`.
"""

import hashlib
import hmac
import os
import secrets

import jinja2

from framework import (
    App,
    HTTPException,
    Middleware,
    RedirectResponse,
    Request,
    Response,
    run_in_threadpool,
)
from framework.middleware.csrf import CSRFMiddleware
from framework.middleware.rate_limit import RateLimitMiddleware
from framework.middleware.sessions import SessionMiddleware
from framework.stores import MemoryStore
from framework.templating import Jinja2Templates

SECRET = os.environ.get("PAGES_SECRET") or secrets.token_hex(32)  # a restart ends the sessions
LONGEST = 200  # characters of a field
MOST_NOTES = 100  # of one person

PAGES = {
    "frame.html": """<!doctype html>
<html lang=en>
<meta charset=utf-8>
<meta name=viewport content="width=device-width">
<title>{% block title %}Notebook{% endblock %}</title>
<style>
:root { color-scheme: light dark }
body { max-width: 36rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif }
header, form { display: flex; flex-wrap: wrap; gap: .6rem; align-items: baseline }
h1 { margin-right: auto }
input, button { font: inherit; padding: .4rem .8rem }
li { overflow-wrap: anywhere }
</style>
<header><h1>Notebook</h1>{% block who %}{% endblock %}</header>
{% if said %}<p role=status>{{ said }}</p>{% endif %}
{% block content %}{% endblock %}
""",
    "login.html": """{% extends "frame.html" %}
{% block title %}Log in{% endblock %}
{% block content %}
<form method=post action="{{ url_path_for('login') }}">
  <label>Name <input name=name autocomplete=username required></label>
  <label>Password <input name=password type=password autocomplete=current-password required></label>
  <button>Log in</button>
</form>
{% endblock %}
""",
    "notes.html": """{% extends "frame.html" %}
{% block title %}Notes of {{ name }}{% endblock %}
{% block who %}
<form method=post action="{{ url_path_for('logout') }}">{{ name }} <button>Log out</button></form>
{% endblock %}
{% block content %}
<form method=post action="{{ url_path_for('add') }}">
  <input name=text aria-label="A new note" required autofocus> <button>Keep</button>
</form>
{% if notes %}
<ol>{% for note in notes %}<li>{{ note }}</li>{% endfor %}</ol>
{% else %}
<p>No notes yet.</p>
{% endif %}
{% endblock %}
""",
}


def what_was_said(request: Request) -> dict[str, object]:
    """A message for the next page, which is shown once."""
    return {"said": request.session.pop("said", None)}


loader = jinja2.DictLoader(PAGES)
templates = Jinja2Templates(
    env=jinja2.Environment(loader=loader, autoescape=True), context_processors=[what_was_said]
)
passwords: dict[str, tuple[bytes, bytes]] = {}  # a salt and a digest
notes: dict[str, list[str]] = {}

app = App()
app.add_middleware(SessionMiddleware, secret_key=SECRET)
app.add_middleware(CSRFMiddleware)  # other sites cannot send our forms


@app.get("/")
async def home(request: Request) -> Response:
    """The notes of who is logged in, and a form for all others."""
    if name := request.session.get("name"):
        context = {"name": name, "notes": notes.get(name, [])}
        return templates.TemplateResponse(request, "notes.html", context)
    return templates.TemplateResponse(request, "login.html")


# Each attempt costs memory and a twentieth of a second: ten a minute from one address are enough.
limited = Middleware(RateLimitMiddleware, store=MemoryStore(), limit=10, window=60)


@app.post("/login", middleware=[limited])
async def login(request: Request) -> Response:
    """Log in; a name that nobody has yet is taken."""
    name, password = await field(request, "name"), await field(request, "password")
    salt, known = passwords.get(name) or (secrets.token_bytes(16), None)
    digest = await run_in_threadpool(hashed, password, salt)
    if known is None:
        passwords.setdefault(name, (salt, digest))  # somebody else may have been faster
        known = passwords[name][1]
    if hmac.compare_digest(digest, known):
        request.session.regenerate()  # whoever knew the session before does not know this one
        request.session["name"] = name
    else:
        request.session["said"] = "That is not the password."
    return back(request)


@app.post("/logout")
async def logout(request: Request) -> Response:
    """Forget who it was."""
    request.session.clear()
    return back(request)


@app.post("/notes")
async def add(request: Request) -> Response:
    """Keep a note."""
    if (name := request.session.get("name")) is None:
        raise HTTPException(403, "log in first")
    own = notes.setdefault(name, [])
    own.append(await field(request, "text"))
    del own[:-MOST_NOTES]
    request.session["said"] = "Kept."
    return back(request)


def back(request: Request) -> Response:
    """Lead to the page by GET, so that reloading it sends no form again."""
    return RedirectResponse(request.url_path_for("home"), 303)


async def field(request: Request, name: str) -> str:
    """The text of a field that has to be there."""
    text = (await request.form()).fields.get(name, "").strip()
    if not 0 < len(text) <= LONGEST:
        raise HTTPException(422, f"{name}: 1 to {LONGEST} characters")
    return text


def hashed(password: str, salt: bytes) -> bytes:
    """What is kept of a password; slow on purpose, so it belongs into a thread."""
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
