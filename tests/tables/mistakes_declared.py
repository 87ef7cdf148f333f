"""Mistakes that are told where they are declared, or when the app is compiled, before it serves."""

DECLARED: list[tuple[str, str]] = [
    # the code, and what is raised
    # Handlers
    (
        """
@app.get
def home(): ...
""",
        "<function home> is no path: write a text, such as @app.get('/users/{id}')",
    ),
    (
        """
app.add_route("/", "home")
""",
        (
            "the handler of '/' is 'home': give a function, or a class with a method named "
            "get, post, ..."
        ),
    ),
    (
        """
@app.get("/", status=201)
def home(): ...
""",
        (
            "'/': a route has no option status; there are cancel_on_disconnect, limits, "
            "middleware, name, status_code, timeout"
        ),
    ),
    (
        """
@app.get("/", status_code="201")
def home(): ...
""",
        "status_code='201': a response has one from 200 to 599",
    ),
    (
        """
@app.route("/", methods="POST")
def home(): ...
""",
        "methods='POST': give a list, such as ['POST']",
    ),
    (
        """
@app.route("/", methods=["GET POST"])
def home(): ...
""",
        "methods=['GET POST']: give words such as 'GET', at least one",
    ),
    (
        """
@app.get("/", timeout=5)
def home(): ...
""",
        (
            "'/': home runs in a thread, which cannot be cancelled: timeout= and "
            "cancel_on_disconnect= need an `async def` (which may call run_in_threadpool)"
        ),
    ),
    (
        """
@app.get("/", timeout=-1)
async def home(): ...
""",
        "Route('/')(timeout=-1): it takes seconds, more than 0",
    ),
    (
        """
@app.get("/")
async def home(websocket): ...
""",
        (
            "the handler home of / takes a websocket: declare it by @app.websocket(path) "
            "(Route('/', home, methods=['GET']), declared at app.py:1)"
        ),
    ),
    (
        """
@app.route("/")
class Home:
    def render(self): ...
""",
        (
            "the handler of '/' is <class 'module.Home'>: give a function, or a class with a "
            "method named get, post, ..."
        ),
    ),
    (
        """
@app.route("/")
class Home:
    def __init__(self, db): ...
    def get(self): ...
""",
        (
            "the handler of '/' cannot be made without arguments (Home.__init__() missing 1 "
            "required positional argument: 'db'): write add_route('/', Home(...)), an "
            "instance"
        ),
    ),
    (
        """
@app.websocket("/")
def chat(websocket): ...
""",
        (
            "the handler chat of / must be `async def`: a socket cannot be used from a "
            "thread (WebSocketRoute('/', chat), declared at app.py:1)"
        ),
    ),
    (
        """
@app.get("/")
@requires("admin")
def home(): ...
""",
        (
            "requires(): home takes no request, so nobody can be asked for: add the "
            "parameter `request`, or use middleware=[requires(...)]"
        ),
    ),
    # Paths and their parameters
    (
        """
@app.get("users")
def users(): ...
""",
        "the path 'users' must begin with '/'",
    ),
    (
        """
@app.get("/users/{id}")
def user(): ...
""",
        (
            "the handler user of /users/{id} does not take id from its path: add the "
            "parameter, or take `request: Request` and use its path_params "
            "(Route('/users/{id}', user, methods=['GET']), declared at app.py:1)"
        ),
    ),
    (
        """
@app.get("/users")
def users(page: int): ...
""",
        (
            "the handler users of /users takes 'page', which its path does not have: put "
            "{page} into the path, or take `request: Request` and read it there "
            "(Route('/users', users, methods=['GET']), declared at app.py:1)"
        ),
    ),
    (
        """
@app.get("/users/{user_id}")
def user(userid: int): ...
""",
        (
            "the handler user of /users/{user_id} takes 'userid', which its path does not "
            "have (it has user_id): put {userid} into the path, or take `request: Request` "
            "and read it there (Route('/users/{user_id}', user, methods=['GET']), declared "
            "at app.py:1)"
        ),
    ),
    (
        """
@app.get("/users/{id:integer}")
def user(id): ...
""",
        (
            "{id:integer}: no converter is called 'integer'; there are date, float, int, "
            "path, str, uuid (Route('/users/{id:integer}', user, methods=['GET']), declared "
            "at app.py:1)"
        ),
    ),
    (
        """
@app.get("/users/{id:int}")
def user(id: str): ...
""",
        (
            "the handler user of /users/{id:int} takes id: str, but the path gives int; "
            "there are date, float, int, path, str, uuid, and App(converters={...}) for more "
            "(Route('/users/{id:int}', user, methods=['GET']), declared at app.py:1)"
        ),
    ),
    (
        """
@app.get("/days/{day}")
def day(day: complex): ...
""",
        (
            "the handler day of /days/{day} takes day: complex, but no converter gives that; "
            "there are date, float, int, path, str, uuid, and App(converters={...}) for more "
            "(Route('/days/{day}', day, methods=['GET']), declared at app.py:1)"
        ),
    ),
    (
        """
@app.get("/users/<int:id>")
def user(id): ...
""",
        (
            "the handler user of /users/<int:id> takes 'id', which its path does not have: "
            "put {id} into the path, or take `request: Request` and read it there "
            "(Route('/users/<int:id>', user, methods=['GET']), declared at app.py:1)"
        ),
    ),
    (
        """
@app.get("/users/{id")
def user(id): ...
""",
        "the path '/users/{id' has a '{' without its '}'",
    ),
    (
        """
@app.get("/users/{id}/friends/{id}")
def friend(id): ...
""",
        "the path '/users/{id}/friends/{id}' has the parameter 'id' twice",
    ),
    (
        """
@app.get("/caf%C3%A9")
def coffee(): ...
""",
        "the path '/caf%C3%A9' can never match: write it decoded, without %C3",
    ),
    (
        """
@app.get("/search?q={q}")
def search(q): ...
""",
        "the path '/search?q={q}' can never match: '?' ends a URL's path",
    ),
    (
        """
@app.get("/{id}")
def one(id): ...

@app.get("/{name}")
def other(name): ...
""",
        (
            "two routes match the same requests: GET /{name} declared at app.py:4, and GET "
            "/{id} declared at app.py:1"
        ),
    ),
    (
        """
app.compile()

@app.get("/late")
def late(): ...
""",
        (
            "this declaration comes too late: the app is compiled when it starts, by its "
            "first request or by compile(); declare everything before"
        ),
    ),
    (
        """
app = App(converters={"hex": Converter})
""",
        (
            "converters['hex']=<class 'framework.converters.Converter'>: give an instance of "
            "Converter"
        ),
    ),
    # Routers and mounted apps
    (
        """
app.include(Router(), prefix="/api/")
""",
        "the prefix '/api/' must not end in '/': each path begins with its own",
    ),
    (
        """
app.include(Router(), prefix="api")
""",
        "the path 'api' must begin with '/'",
    ),
    (
        """
app.include(App)
""",
        ("include(<class 'framework.app.App'>): it takes a Router; mount() takes an ASGI app"),
    ),
    (
        """
app = App(routes=[("/", print)])
""",
        ("routes=[('/', <built-in function print>)]: give Route, WebSocketRoute, Mount or Router"),
    ),
    (
        """
app.mount("static", App())
""",
        "the path 'static' must begin with '/'",
    ),
    (
        """
app.mount("/static", "static")
""",
        "mount('/static', 'static'): that is no ASGI app",
    ),
    (
        """
app.mount("/blog", App)
""",
        (
            "mount('/blog', <class 'framework.app.App'>): an ASGI app is called with (scope, "
            "receive, send), and that cannot be. Mount the instance of a class, and "
            "WSGI(app), from framework.wsgi, for a WSGI app such as Flask's"
        ),
    ),
    (
        """
def wsgi(environ, start_response): ...

app.mount("/old", wsgi)
""",
        (
            "mount('/old', <function wsgi>): an ASGI app is called with (scope, receive, "
            "send), and that cannot be. Mount the instance of a class, and WSGI(app), from "
            "framework.wsgi, for a WSGI app such as Flask's"
        ),
    ),
    (
        """
app.mount("/x/{rest:path}", App())
""",
        (
            "a mount answers all below its path: leave {...:path} out of it "
            "(Mount('/x/{rest:path}', <framework.app.App object>), declared at app.py:1)"
        ),
    ),
    (
        """
app.mount("/x", app)
""",
        "the app is mounted in itself: mount another one",
    ),
    (
        """
other = App()
other.mount("/app", app)
app.mount("/other", other)
""",
        "the app is mounted in itself: mount another one",
    ),
    (
        """
app.add_route("/static", StaticFiles(directory="."))
""",
        (
            "the handler StaticFiles of /static is an ASGI app: mount(path, app) takes those "
            "(Route('/static', StaticFiles, methods=['GET']), declared at app.py:1)"
        ),
    ),
    (
        """
app.mount("/static", StaticFiles())
""",
        "StaticFiles(): give it a directory=, packages=[...], or both",
    ),
    (
        """
Router(host="https://api.example.com")
""",
        (
            "the host 'https://api.example.com' can never match: write a DNS name without a "
            "port, such as 'api.example.com' or '{tenant}.example.com', in ASCII ('xn--...')"
        ),
    ),
    # Middleware
    (
        """
app = App(middleware=[CORSMiddleware])
""",
        (
            "<class 'framework.middleware.cors.CORSMiddleware'> is ASGI middleware: write "
            "Middleware(cls, **options)"
        ),
    ),
    (
        """
app = App(middleware=[CORSMiddleware(App(), allow_origins=[])])
""",
        (
            "<framework.middleware.cors.CORSMiddleware object> is ASGI middleware: write "
            "Middleware(cls, **options)"
        ),
    ),
    (
        """
app.add_middleware(CORSMiddleware(App(), allow_origins=[]))
""",
        (
            "Middleware takes a class and its options, not "
            "<framework.middleware.cors.CORSMiddleware object>; function middleware goes "
            "into middleware=[...] as it is, or below @app.middleware"
        ),
    ),
    (
        """
app.add_middleware(CORSMiddleware, origins=["https://example.com"])
""",
        (
            "Middleware(CORSMiddleware, origins=...), declared at app.py:1: "
            "CORSMiddleware.__init__() got an unexpected keyword argument 'origins'"
        ),
    ),
    (
        """
async def timing(request, call_next): ...

app.add_middleware(timing)
""",
        (
            "Middleware takes a class and its options, not <function timing>; function "
            "middleware goes into middleware=[...] as it is, or below @app.middleware"
        ),
    ),
    (
        """
@app.middleware
def timing(request, call_next): ...
""",
        "<function timing> is no middleware: write `async def name(request, call_next)`",
    ),
    (
        """
@app.middleware
async def timing(request): ...
""",
        "timing must take (request, call_next): too many positional arguments",
    ),
    (
        """
@app.middleware("http")
async def timing(request, call_next): ...
""",
        (
            "'http' is no middleware: write @app.middleware, without brackets, above "
            "`async def name(request, call_next)`"
        ),
    ),
    (
        """
async def timing(request, call_next): ...

app = App(middleware=timing)
""",
        "middleware=<function timing>: give a list, such as [<function timing>]",
    ),
    (
        """
app.add_middleware(lambda app: None)
""",
        "Middleware(<lambda>), declared at app.py:1, made no ASGI app: None",
    ),
    (
        """
@app.get("/", middleware=[requires([])])
def home(request): ...
""",
        "requires([]): it would let everybody through; name a scope",
    ),
    # Exception handlers
    (
        """
@app.exception_handler(200)
def answer(request, error): ...
""",
        "exception_handler(200): give an exception class, or a status from 400 to 599",
    ),
    (
        """
@app.exception_handler("404")
def answer(request, error): ...
""",
        "exception_handler('404'): give an exception class, or a status from 400 to 599",
    ),
    (
        """
@app.exception_handler(ValueError)
def answer(error): ...
""",
        "answer must take (request, error): too many positional arguments",
    ),
    # Options
    (
        """
app = App(limits={"max_body_size": 1000})
""",
        "limits={'max_body_size': 1000}: give Limits(...)",
    ),
    (
        """
app = App(limits=Limits(max_body=1000))
""",
        (
            "Limits has no max_body; it has max_body_size, max_cookies, max_field_size, "
            "max_fields, max_file_memory, max_file_size, max_files, max_form_memory, "
            "max_json_depth, max_message_size, max_part_header_size, max_parts, "
            "max_query_fields"
        ),
    ),
    (
        """
app = App(limits=Limits(max_body_size="10 MB"))
""",
        "Limits(max_body_size='10 MB'): it takes an integer of 0 or more",
    ),
    (
        """
app = App(limits=Limits(max_files=-1))
""",
        "Limits(max_files=-1): it takes an integer of 0 or more",
    ),
    (
        """
app = App(threads=0)
""",
        "App(threads=0): it takes an integer of 1 or more",
    ),
    (
        """
app = App(trailing_slash=False)
""",
        "trailing_slash=False: give 'redirect' or 'strict'",
    ),
    (
        """
app = App(json=print)
""",
        "json=<built-in function print>: give a codec with encode() and decode()",
    ),
    (
        """
async def lifespan(app):
    yield

app = App(lifespan=lifespan)
""",
        "lifespan=lifespan: it lacks @asynccontextmanager",
    ),
    (
        """
@app.on_startup
def connect(app): ...
""",
        (
            "at start-up and shutdown functions without arguments are called (missing a "
            "required argument: 'app'): use a lifespan, which gets the app"
        ),
    ),
    (
        """
async def connect(): ...

app.on_startup(connect())
""",
        (
            "at start-up and shutdown functions without arguments are called (the hook takes "
            "a function and its arguments: connect, not connect(...)): use a lifespan, which "
            "gets the app"
        ),
    ),
    (
        """
app.add_middleware(CORSMiddleware, allow_origins="*")
""",
        "CORSMiddleware(allow_origins='*'): give a list, such as ['*']",
    ),
    (
        """
app.add_middleware(CORSMiddleware, allow_origins=["https://example.com/"])
""",
        (
            "CORSMiddleware(allow_origins=['https://example.com/']): an origin is "
            "scheme://host or scheme://host:port in lower case, without a path, a slash at "
            "its end, or the port that the scheme implies; write an international name in "
            "its xn-- form, and many hosts as "
            "allow_origin_regex=r'https://[a-z0-9-]+\\.example\\.com'"
        ),
    ),
    (
        """
app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)
""",
        (
            "CORSMiddleware(allow_origins=['*'], allow_credentials=True): browsers refuse "
            "this, and to name every origin instead would let any site read what its "
            "visitors may read here. List the origins, or leave allow_credentials out; while "
            "developing, allow_origin_regex=r'http://localhost:\\d+'"
        ),
    ),
    (
        """
app.add_middleware(SessionMiddleware, secret_key="secret")
""",
        (
            "secret_key: a key has 32 random bytes or more; make one by python -c 'import "
            "secrets; print(secrets.token_urlsafe(32))'"
        ),
    ),
    (
        """
app.add_middleware(SessionMiddleware)
""",
        (
            "SessionMiddleware takes either secret_key=..., which keeps sessions in the "
            "cookie, or store=..., which keeps them on the server"
        ),
    ),
    (
        """
app.add_middleware(TrustedHostMiddleware, allowed_hosts=["example.com:443"])
""",
        (
            "TrustedHostMiddleware(allowed_hosts=['example.com:443']): a host is "
            "'example.com', without port or path, '*.example.com' for its subdomains, or '*' "
            "for any; write an international name in its xn-- form"
        ),
    ),
    (
        """
app.add_middleware(TimeoutMiddleware, seconds="5")
""",
        "TimeoutMiddleware(seconds='5'): it takes seconds, more than 0",
    ),
    (
        """
app.add_middleware(RateLimitMiddleware, store=MemoryStore(), limit="10/minute")
""",
        "RateLimitMiddleware(limit='10/minute'): it takes an integer of 1 or more",
    ),
    (
        """
Jinja2Templates("no/such/directory")
""",
        "Jinja2Templates(directory='no/such/directory'): there is no such directory",
    ),
]
