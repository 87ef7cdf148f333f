"""Mistakes that are told when the app starts, or while it serves: raised, and so logged, or in the answer."""

SERVED: list[tuple[str, str, str]] = [
    # the method of the request, the code, and what is raised or answered
    # Returned values
    (
        "GET",
        """
async def load(): ...

@app.get("/")
async def home():
    return load()
""",
        "TypeError: the handler home of / returned a coroutine: an `await` is missing",
    ),
    (
        "GET",
        """
@app.get("/")
def home():
    return {"id": 1}, 201
""",
        (
            "TypeError: the handler home of / returned a tuple: return the value alone, with "
            "status_code= in the decorator, or JSONResponse(value, status_code, headers)"
        ),
    ),
    (
        "GET",
        """
@app.get("/")
def home():
    return JSONResponse
""",
        ("TypeError: the handler home of / returned the class JSONResponse: return an instance"),
    ),
    (
        "GET",
        """
@app.get("/")
def home():
    return HTTPException(404)
""",
        ("TypeError: the handler home of / returned HTTPException(404, 'Not Found'): raise it"),
    ),
    (
        "GET",
        """
@app.get("/")
def home():
    return {1, 2}
""",
        (
            "TypeError: the handler home of / returned set: set has no form in JSON: convert "
            "it first, or give the app a codec that knows set"
        ),
    ),
    (
        "GET",
        """
@app.get("/")
def home():
    return Response({"id": 1})
""",
        (
            "TypeError: a response sends str or bytes, not dict; use JSONResponse for data, "
            "StreamingResponse for an iterable of str or bytes"
        ),
    ),
    (
        "GET",
        """
@app.get("/")
def home():
    return Response("Hello", headers={"X-Count": 1})
""",
        "TypeError: the value of a header field is a text, not 1",
    ),
    (
        "GET",
        r"""
@app.get("/")
def home():
    return Response("Hello", headers={"X-Name": "a\r\nb"})
""",
        (
            "ValueError: the value of a header field cannot contain '\\r', as 'a\\r\\nb' does; "
            "remove control characters, and percent-encode what is not latin-1 "
            "(urllib.parse.quote)"
        ),
    ),
    (
        "GET",
        """
@app.get("/")
def home():
    return Response("Hello", "404")
""",
        "ValueError: a response has a status from 100 to 599, not '404'",
    ),
    (
        "GET",
        """
@app.get("/")
def home():
    return RedirectResponse(None)
""",
        "TypeError: a redirect leads to a URL, not to None",
    ),
    (
        "GET",
        """
@app.get("/")
def home():
    return RedirectResponse("/next", 200)
""",
        "ValueError: a redirect has a status of 3xx (or 201), not 200",
    ),
    (
        "GET",
        """
@app.get("/")
def home():
    return StreamingResponse("Hello")
""",
        "TypeError: StreamingResponse takes an iterable; use Response for one piece",
    ),
    (
        "GET",
        """
async def pieces():
    yield "Hello"

@app.get("/")
def home():
    return StreamingResponse(pieces)
""",
        "TypeError: StreamingResponse takes an iterable, not function",
    ),
    (
        "GET",
        """
@app.get("/")
async def home():
    yield {"id": 1}
""",
        (
            "TypeError: a response sends str or bytes, not dict; use JSONResponse for data, "
            "StreamingResponse for an iterable of str or bytes"
        ),
    ),
    (
        "GET",
        """
@app.get("/")
def home():
    return FileResponse("missing.txt")
""",
        "FileNotFoundError: [Errno 2] No such file or directory: 'missing.txt'",
    ),
    (
        "GET",
        r"""
@app.get("/")
def home():
    return EventSourceResponse([ServerSentEvent("Hello", id="a\nb")])
""",
        (
            "ValueError: id='a\\nb': it is a single line, without NUL, for which browsers "
            "ignore an id"
        ),
    ),
    (
        "GET",
        """
@app.get("/")
def home():
    response = Response()
    response.set_cookie("theme", "dark", samesite="none")
    return response
""",
        (
            "ValueError: cookie 'theme': samesite='none' asks for secure=True; browsers drop "
            "it otherwise"
        ),
    ),
    (
        "GET",
        """
@app.get("/")
def home():
    response = Response()
    response.set_cookie("visits", 1)
    return response
""",
        "TypeError: cookie 'visits': its value is a text, not 1",
    ),
    (
        "GET",
        """
@app.get("/")
def home():
    raise HTTPException(200)
""",
        "ValueError: HTTPException takes a status from 300 to 599, not 200",
    ),
    (
        "GET",
        """
@app.get("/")
def home():
    raise HTTPException("404")
""",
        "ValueError: HTTPException takes a status from 300 to 599, not '404'",
    ),
    (
        "GET",
        """
@app.get("/")
def home():
    raise HTTPException(400, {"field": "name"})
""",
        (
            "TypeError: the detail of an HTTPException is a text, not {'field': 'name'}: for "
            "data return JSONResponse(data, 400)"
        ),
    ),
    # Requests
    (
        "POST",
        """
@app.post("/")
def home(request):
    return request.json()
""",
        (
            "TypeError: <function home> returned a coroutine: an `await` is missing, in an "
            "`async def`"
        ),
    ),
    (
        "POST",
        """
@app.post("/")
async def home(request):
    return (await request.form())["name"]
""",
        ("expected application/x-www-form-urlencoded or multipart/form-data, got application/json"),
    ),
    (
        "POST",
        """
@app.post("/")
async def home(request):
    return await request.decode(list[int])
""",
        (
            "TypeError: the standard library's JSON cannot decode list[int]: give the app a "
            "codec that can, such as App(json=msgspec.json); pydantic's models need none"
        ),
    ),
    (
        "POST",
        """
@app.post("/")
async def home(request):
    async for chunk in request.stream():
        pass
    return await request.body()
""",
        (
            "BodyUnavailable: this body was read before, by stream() or by a call that "
            "failed; call body() first to read it twice"
        ),
    ),
    (
        "GET",
        """
@app.get("/")
async def home(request):
    return await request.json()
""",
        "expected application/json, got no Content-Type",
    ),
    (
        "GET",
        """
@app.get("/")
def home(request):
    return request.session["name"]
""",
        (
            "FrameworkError: there is no session: app.add_middleware(SessionMiddleware, "
            "secret_key=...), with SessionMiddleware from framework.middleware.sessions"
        ),
    ),
    (
        "GET",
        """
@app.get("/")
def home(request):
    return request.user.display_name
""",
        (
            "FrameworkError: there is no user: app.add_middleware(AuthenticationMiddleware, "
            "backend=...), with AuthenticationMiddleware from "
            "framework.middleware.authentication"
        ),
    ),
    (
        "GET",
        """
@app.get("/", middleware=[requires("admin")])
def home():
    return "Hello"
""",
        (
            "FrameworkError: there is no auth: app.add_middleware(AuthenticationMiddleware, "
            "backend=...), with AuthenticationMiddleware from "
            "framework.middleware.authentication"
        ),
    ),
    (
        "GET",
        """
@app.get("/")
def home(request):
    return request.state.db
""",
        "AttributeError: state has no 'db'; it has []",
    ),
    (
        "GET",
        """
@app.get("/")
def home(request):
    return request.url_path_for("user")
""",
        "NoMatchFound: no route is called 'user' with []; there are home",
    ),
    (
        "GET",
        """
@app.get("/users/{id:int}")
def user(id): ...

@app.get("/")
def home(request):
    return request.url_path_for("user", name="ann")
""",
        "NoMatchFound: the route 'user' takes the parameters ['id'], not ['name']",
    ),
    (
        "GET",
        """
@app.get("/users/{id:int}")
def user(id): ...

@app.get("/")
def home(request):
    return request.url_path_for("user", id="ann")
""",
        (
            "NoMatchFound: id='ann' does not fit into the path: 'ann' is not a 64-bit "
            "integer in decimal digits"
        ),
    ),
    (
        "GET",
        """
app.add_middleware(SessionMiddleware, secret_key="0123456789abcdef0123456789abcdef")

@app.get("/")
def home(request):
    request.session["user"] = object()
""",
        (
            "TypeError: session['user'] cannot be kept: object has no form in JSON: convert "
            "it first, or give the app a codec that knows object"
        ),
    ),
    (
        "GET",
        """
app.add_middleware(SessionMiddleware, secret_key="0123456789abcdef0123456789abcdef")

@app.get("/")
def home(request):
    request.session["history"] = "x" * 5_000
""",
        (
            "ValueError: the session takes 6743 bytes as a cookie, and browsers ignore one "
            "of more than 4096 with its name: keep less in it, or keep it on the server by "
            "SessionMiddleware(store=...)"
        ),
    ),
    # Middleware
    (
        "GET",
        """
@app.middleware
async def timing(request, call_next):
    await call_next(request)

@app.get("/")
def home(): ...
""",
        "TypeError: the middleware timing returned None: return the response",
    ),
    (
        "GET",
        """
@app.middleware
async def timing(request, call_next):
    return call_next(request)

@app.get("/")
def home(): ...
""",
        "TypeError: the middleware timing returned a coroutine: an `await` is missing",
    ),
    # Work in the background
    (
        "GET",
        """
async def send_mail(to): ...

@app.get("/")
async def home():
    app.start_soon(send_mail("ann"))
""",
        (
            "TypeError: start_soon() takes a function and its arguments: send_mail, not "
            "send_mail(...)"
        ),
    ),
    (
        "GET",
        """
async def send_mail(to): ...

@app.get("/")
async def home():
    return JSONResponse({}, background=BackgroundTask(send_mail("ann")))
""",
        (
            "TypeError: BackgroundTask takes a function and its arguments: send_mail, not "
            "send_mail(...)"
        ),
    ),
    (
        "GET",
        """
@app.get("/")
async def home():
    app.start_soon("send_mail")
""",
        "TypeError: start_soon() takes a function and its arguments, not 'send_mail'",
    ),
    (
        "GET",
        """
async def work(): ...

@app.get("/")
async def home():
    return await run_in_threadpool(work)
""",
        (
            "TypeError: <function work> returned a coroutine: an `await` is missing, in an "
            "`async def`"
        ),
    ),
    # Start-up
    (
        "GET",
        """
def lifespan(app): ...

app = App(lifespan=lifespan)
""",
        (
            "ConfigError: the lifespan gave None: write `async def`, with "
            "@asynccontextmanager and a yield"
        ),
    ),
    (
        "GET",
        """
@asynccontextmanager
async def lifespan(app):
    yield "database"

app = App(lifespan=lifespan)
""",
        (
            "ConfigError: the lifespan yielded 'database': yield a mapping, whose items "
            "every request finds in its state, or nothing"
        ),
    ),
    (
        "GET",
        """
@app.on_startup
def connect():
    raise ConnectionError("nobody listens at db:5432")
""",
        "ConnectionError: nobody listens at db:5432",
    ),
    # Templates
    (
        "GET",
        """
templates = Jinja2Templates(".")

@app.get("/")
def home(request):
    return templates.TemplateResponse("index.html", {"request": request})
""",
        "TypeError: the request comes first, then the template's name, not 'index.html'",
    ),
    # WebSockets
    (
        "WEBSOCKET",
        """
@app.websocket("/")
async def chat(websocket):
    await websocket.send_text("Hello")
""",
        ("WebSocketStateError: send_text() on a socket that is connecting; call accept() first"),
    ),
    (
        "WEBSOCKET",
        """
@app.websocket("/")
async def chat(websocket):
    await websocket.receive_text()
""",
        ("WebSocketStateError: receiving on a socket that is connecting; call accept() first"),
    ),
    (
        "WEBSOCKET",
        """
@app.websocket("/")
async def chat(websocket):
    await websocket.accept()
    await websocket.accept()
""",
        (
            "WebSocketStateError: accept() answers the handshake, and it was answered: the "
            "socket is open"
        ),
    ),
    (
        "WEBSOCKET",
        """
@app.websocket("/")
async def chat(websocket):
    await websocket.accept()
    await websocket.close()
    await websocket.send_text("Hello")
""",
        "WebSocketStateError: send_text() on a socket that is closed; stop",
    ),
    (
        "WEBSOCKET",
        """
@app.websocket("/")
async def chat(websocket):
    await websocket.accept()
    await websocket.send_text({"id": 1})
""",
        "TypeError: send_text() takes str, not dict",
    ),
    (
        "WEBSOCKET",
        """
@app.websocket("/")
async def chat(websocket):
    await websocket.accept()
    await websocket.close(200)
""",
        "ValueError: 200 is no close code; use 1000 to 1014 or 3000 to 4999",
    ),
    (
        "WEBSOCKET",
        """
@app.websocket("/")
async def chat(websocket):
    await websocket.accept(subprotocol="news")
""",
        "ValueError: the client offers ['chat'], not 'news'",
    ),
]
