"""`App`: a recipe, its options, and the moment when both become one ASGI callable."""

import gc
import logging
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from importlib import import_module
from inspect import isasyncgenfunction, iscoroutinefunction, signature
from os import getpid
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

from framework._compile import Compiler, Placed, placed, stacked
from framework._concurrency import DEFAULT_THREADS, ThreadPool
from framework._dispatch import application, guarded
from framework._paths import Destination
from framework._wire.json import JSONCodec
from framework.connections import Settings, State
from framework.converters import CONVERTERS, Converter
from framework.errors import DebugAnswers
from framework.exceptions import ConfigError
from framework.lifespan import Lifespan, LifespanFunction, Runs, checked_hook
from framework.limits import Limits, check_integer, check_seconds
from framework.routes import AnyMiddleware, Mount, Route, WebSocketRoute
from framework.routing import ExceptionHandler, Router
from framework.shutdown import Shutdown
from framework.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from framework._explanation import Explanation

__all__ = ["App"]

logger: logging.Logger = logging.getLogger("framework")

DEBUG_IS_ON = (
    "debug=True in process %d: every client that meets an error is shown source code and variables; "
    "never do this in production"
)

P = ParamSpec("P")
Hook = TypeVar("Hook", bound=Callable[[], Any])


@contextmanager
def uncollected() -> Generator[None]:
    """Collect no garbage in the course of the block, which makes much, and lets go of little of it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class App(Router):
    """An ASGI application: declare routes on it, then give it to any ASGI server.

    `lifespan` is an async context manager that takes the app and may yield a mapping, which every
    request finds in its `state`. `json` encodes and decodes; `converters` are added to the built-in
    ones; `threads` is how many plain handlers run at a time; `trailing_slash="strict"` answers 404
    where `"redirect"` sends the client to the path with, or without, a slash at its end.
    `graceful_timeout` is how many seconds open streams, sockets and tasks have to end at shutdown.
    `debug=True` shows tracebacks, source code and variables to every client: never in production.
    """

    __slots__ = (
        "__weakref__",
        "_compiled",
        "_compiler",
        "_converters",
        "_debug",
        "_dispatcher",
        "_lifespan",
        "_names",
        "_on_shutdown",
        "_on_startup",
        "_redirects_slashes",
        "_runs",
        "_settings",
        "_threads",
        "state",
    )

    def __init__(
        self,
        *,
        routes: Iterable[Route | WebSocketRoute | Mount | Router] = (),
        middleware: Iterable[AnyMiddleware] = (),
        exception_handlers: Mapping[int | type[Exception], ExceptionHandler] | None = None,
        lifespan: LifespanFunction | None = None,
        on_startup: Iterable[Callable[[], Any]] = (),
        on_shutdown: Iterable[Callable[[], Any]] = (),
        json: JSONCodec | None = None,
        limits: Limits | None = None,
        converters: Mapping[str, Converter[Any]] | None = None,
        trailing_slash: Literal["redirect", "strict"] = "redirect",
        threads: int = DEFAULT_THREADS,
        graceful_timeout: float = 5.0,
        debug: bool = False,
    ) -> None:
        check_integer("App", "threads", threads, least=1)
        check_seconds("App", "graceful_timeout", graceful_timeout)
        for name, converter in (converters or {}).items():
            if not isinstance(converter, Converter):
                raise ConfigError(
                    f"converters[{name!r}]={converter!r}: give an instance of Converter"
                )
        if json is not None and not (hasattr(json, "encode") and hasattr(json, "decode")):
            raise ConfigError(f"json={json!r}: give a codec with encode() and decode()")
        if trailing_slash not in ("redirect", "strict"):
            raise ConfigError(f"trailing_slash={trailing_slash!r}: give 'redirect' or 'strict'")
        if isasyncgenfunction(lifespan) or iscoroutinefunction(lifespan):
            raise ConfigError(f"lifespan={lifespan.__name__}: it lacks @asynccontextmanager")
        super().__init__(
            routes=routes,
            middleware=middleware,
            exception_handlers=exception_handlers,
            limits=limits,
        )
        self.state: State = State()
        self._lifespan = lifespan
        self._on_startup = [checked_hook(function) for function in on_startup]
        self._on_shutdown = [checked_hook(function) for function in on_shutdown]
        self._converters = {**CONVERTERS, **(converters or {})}
        self._redirects_slashes = trailing_slash == "redirect"
        self._settings = Settings(json=json, limits=limits, find_name=self._find_name)
        self._threads = ThreadPool(threads)
        self._runs = Runs(graceful_timeout)
        self._compiled: ASGIApp | None = None
        self._debug = _debug_answers() if debug else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI servers call it; the first one compiles the app."""
        compiled = self._compiled
        if compiled is None:
            try:
                compiled = self.compile()
            except Exception as error:
                if scope["type"] == "lifespan":
                    await receive()
                    message = f"{type(error).__name__}: {error}"
                    await send({"type": "lifespan.startup.failed", "message": message})
                raise
        await compiled(scope, receive, send)

    def on_startup(self, function: Hook) -> Hook:
        """Call the decorated function before the first request is served."""
        self._check_open()
        self._on_startup.append(checked_hook(function))
        return function

    def on_shutdown(self, function: Hook) -> Hook:
        """Call the decorated function after the last request was served."""
        self._check_open()
        self._on_shutdown.append(checked_hook(function))
        return function

    @property
    def debug(self) -> bool:
        """Whether clients are shown tracebacks."""
        return self._debug is not None

    @property
    def shutting_down(self) -> Shutdown:
        """Whether the app is about to stop: for handlers that go on for long, and for tasks."""
        return self._runs.here().shutdown

    def start_soon(self, func: Callable[P, Any], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Run `func(*args, **kwargs)` in the background, for as long as the app runs.

        What it raises is logged. At shutdown, once the requests are over, it has `graceful_timeout`
        seconds to end, then it is cancelled. A plain function runs in a thread, which nothing can
        cancel: it is waited for. FrameworkError where the app's lifespan does not run.
        """
        self._runs.here().tasks.start(func, *args, **kwargs)

    def url_path_for(self, name: str, /, **path_params: Any) -> str:
        """The path of a route, as seen from this app; it compiles the app."""
        return self._find_name(name, path_params).path

    def compile(self) -> ASGIApp:
        """Check the recipe, freeze it, and return the bare `async def app(scope, receive, send)`.

        Raises ConfigError for what cannot work, with the line that declared it.
        """
        if self._compiled is None:
            with uncollected():
                self._compiled = self._build()
            if self.debug:
                logger.warning(DEBUG_IS_ON, getpid())
            self._freeze()
            self._become(self._compiled)
        return self._compiled

    def _build(self) -> ASGIApp:
        compiler = Compiler(
            self,
            settings=self._settings,
            converters=self._converters,
            threads=self._threads,
            debug=self._debug,
        )
        if self in _apps_within(compiler.places.values()):
            raise ConfigError("the app is mounted in itself: mount another one")
        dispatcher = compiler.dispatcher(redirects_slashes=self._redirects_slashes)
        lifespan = Lifespan(
            self,
            self._lifespan,
            self._on_startup,
            self._on_shutdown,
            compiler.mounts.values(),
            self._runs,
        )
        self._names = compiler.names
        self._compiler, self._dispatcher = compiler, dispatcher
        app = application(self, dispatcher, lifespan)
        if not self.rings.asgi:
            return app
        errors = compiler.wiring([self]).errors
        return guarded(self, stacked(self.rings.asgi, app), errors, self._settings)

    def _become(self, app: ASGIApp) -> None:
        # Who calls an object calls what its class has as `__call__`, which is one coroutine more to
        # make and to await for each request. A class of its own has the compiled app there instead.
        cls = type(self)
        if cls.__call__ is App.__call__:
            own = {"__slots__": (), "__call__": staticmethod(app), "__signature__": signature(app)}
            called: Any = type(cls.__name__, (cls,), {"__doc__": cls.__doc__, **own})
            self.__class__ = called

    def explain(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        root_path: str = "",
    ) -> "Explanation":
        """Say which route takes a request, why, and why no other does; it compiles the app.

        `method` may be "WEBSOCKET"; `path` is as a client sends it, or a whole URL. No handler and no
        middleware is called. `str()` of what comes back is the text of `python -m framework explain`.
        """
        # Loaded by who asks: an app that serves has no use for it.
        explanation: Explanation = import_module("framework._explain").explain(
            self, method, path, headers or {}, root_path
        )
        return explanation

    def _find_name(self, name: str, path_params: dict[str, Any]) -> Destination:
        self.compile()
        return self._names.find(name, path_params)


def _apps_within(places: Iterable[Placed]) -> list[App]:
    """The apps that are mounted at some of these places, and those within them."""
    found: list[App] = []
    waiting = [*places]
    while waiting:
        app = getattr(waiting.pop().route, "app", None)
        if isinstance(app, App) and app not in found:
            found.append(app)
            waiting += placed(app)
    return found


def _debug_answers() -> DebugAnswers:
    # Loaded by who asks: an app in production has no use for it.
    answers: DebugAnswers = import_module("framework._debug.answers").Answers()
    return answers
