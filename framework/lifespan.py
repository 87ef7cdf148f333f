"""Start-up and shutdown: the app's own, and those of the apps that it mounts.

Everything runs in the task that the server gave to the lifespan, so cancel scopes and context
variables of a context manager behave as if the app were called between its two halves.
"""

import inspect
import logging
import math
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from threading import get_ident
from typing import Any, TypeAlias, TypeVar

import anyio

from framework._concurrency import Attendants, check_function, is_async, run_in_threadpool
from framework._signals import WorkerEvent, on_stop_signal, until_set, worker
from framework._tasks import Tasks
from framework.exceptions import ConfigError, FrameworkError
from framework.shutdown import Shutdown, shutdown_of
from framework.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Lifespan", "LifespanFunction", "Runs", "checked_hook"]

logger: logging.Logger = logging.getLogger("framework")

Hook = TypeVar("Hook", bound=Callable[[], Any])

LifespanFunction: TypeAlias = Callable[..., AbstractAsyncContextManager[Mapping[str, Any] | None]]
"""`lifespan(app)`, or without the app: an async context manager that may yield the state."""


class Run:
    """One run of an app's lifespan: what it tells to stop, and the tasks that end with it."""

    __slots__ = ("shutdown", "tasks", "thread")

    def __init__(self, graceful_timeout: float) -> None:
        self.shutdown: Shutdown = Shutdown(graceful_timeout)
        self.tasks: Tasks = Tasks()
        self.thread: int = get_ident()


class Runs:
    """Those of one app: one after the other, or several at a time, each on an event loop of its own.

    The latter is what test clients within one another do.
    """

    __slots__ = ("_first", "_running")

    def __init__(self, graceful_timeout: float) -> None:
        self._first = Run(graceful_timeout)
        self._running: list[Run] = []

    def here(self) -> Run:
        """The newest on the caller's thread, or else on any; before and after all runs the first."""
        runs = self._running
        if len(runs) > 1:
            thread = get_ident()
            runs = [run for run in runs if run.thread == thread] or runs
        return runs[-1] if runs else self._first

    @contextmanager
    def begin(self) -> Generator[Run]:
        """A run for the block."""
        run = self._first
        if (
            run in self._running or run.shutdown._open
        ):  # by what began before, and is none of this run's
            run = Run(run.shutdown.graceful_timeout)
        run.thread = get_ident()
        self._running.append(run)
        try:
            yield run
        finally:
            self._running.remove(run)


class Lifespan:
    """The lifespan of an app, as an ASGI callable for scopes of type `lifespan`."""

    __slots__ = (
        "_app",
        "_context",
        "_mounted",
        "_on_shutdown",
        "_on_startup",
        "_patience",
        "_runs",
    )

    def __init__(
        self,
        app: Any,
        context: LifespanFunction | None,
        on_startup: Sequence[Callable[[], Any]],
        on_shutdown: Sequence[Callable[[], Any]],
        mounted: Iterable[tuple[ASGIApp, dict[str, Any]]],
        runs: Runs,
    ) -> None:
        self._app = app
        self._context = context
        self._on_startup = on_startup
        self._on_shutdown = on_shutdown
        self._mounted = list(mounted)
        self._patience = math.inf  # of the server, in seconds
        self._runs = runs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start, tell the server, wait for its word, shut down; a failure is reported and raised.

        At the end the streams and sockets that are still open end first, then the app's tasks, then what
        they use: its context managers and `on_shutdown`.
        """
        await receive()
        phase = "startup"
        try:
            with self._runs.begin() as run:
                async with self._attended(run, scope) as drained, self._running(scope):
                    await send({"type": "lifespan.startup.complete"})
                    phase = "shutdown"
                    await receive()
                    run.shutdown._begin()
                    await drained.wait()
                    await run.tasks.finish(run.shutdown.graceful_timeout)
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            message = f"{type(error).__name__}: {error}"
            await send({"type": f"lifespan.{phase}.failed", "message": message})
            raise
        await send({"type": "lifespan.shutdown.complete"})

    @asynccontextmanager
    async def _attended(self, run: Run, scope: Scope) -> AsyncGenerator[anyio.Event]:
        """Run the app's tasks, and listen for the word to stop, in the course of the block.

        The event is set when what was open then has ended.
        """
        outer = shutdown_of(scope)
        begin = run.shutdown._begin
        drained = anyio.Event()
        run.shutdown._reset()
        try:
            async with Attendants() as group:
                run.tasks.open(group)
                group.start_soon(self._drain, run.shutdown, drained)
                if outer is not None:
                    run.shutdown._follow(outer)
                elif (process := worker()) is not None:
                    group.start_soon(_call_when_set, process.stopping, begin)
                    self._patience = process.patience
                with on_stop_signal(begin) if outer is None else nullcontext():
                    yield drained
        finally:
            run.tasks.close()
            run.shutdown._reset()

    async def _drain(self, shutdown: Shutdown, drained: anyio.Event) -> None:
        """Have the streams and sockets end that are open when the app is told to stop."""
        await shutdown.wait()
        # Sooner than the server, which cancels without a word.
        seconds = min(shutdown.graceful_timeout, 0.8 * self._patience)
        if late := await shutdown._open.end(seconds):
            logger.warning("%d connections did not end within %g s: cut off", late, seconds)
        drained.set()

    @asynccontextmanager
    async def _running(self, scope: Scope) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            for app, state in self._mounted:
                lifespan = mounted_lifespan(app, state, {**scope, "app": self._app})
                await stack.enter_async_context(lifespan)
            if self._context is not None:
                await self._enter(stack, self._context, scope)
            for function in self._on_startup:
                await _run(function)
            for function in reversed(self._on_shutdown):
                stack.push_async_callback(_run, function)  # all of them run, whatever one raises
            yield

    async def _enter(self, stack: AsyncExitStack, function: LifespanFunction, scope: Scope) -> None:
        context: object = function(*_arguments(function, self._app))
        if not isinstance(context, AbstractAsyncContextManager):
            raise ConfigError(
                f"the lifespan gave {context!r:.80}: write `async def`, with @asynccontextmanager and a yield"
            )
        yielded: object = await stack.enter_async_context(context)
        if not isinstance(yielded, Mapping | None):
            raise ConfigError(
                f"the lifespan yielded {yielded!r:.80}: yield a mapping, whose items every request "
                "finds in its state, or nothing"
            )
        if yielded:
            _shared_state(scope).update(yielded)


async def _call_when_set(event: WorkerEvent, function: Callable[[], None]) -> None:
    await until_set(event)
    function()


@asynccontextmanager
async def mounted_lifespan(
    app: ASGIApp, state: dict[str, Any], scope: Scope
) -> AsyncGenerator[None]:
    """Run the lifespan of a mounted app around the block; its state goes into `state`.

    An app that raises or returns before it has answered does not support lifespan, and needs none
    (ASGI lifespan specification, "Scope"). One that reports a failure is a FrameworkError.
    """
    events_in, events_out = anyio.create_memory_object_stream[Message](2)
    answered, ended = anyio.Event(), anyio.Event()
    failures: list[Exception] = []

    def fail(reason: str) -> None:
        failures.append(FrameworkError(f"the mounted {app!r} failed: {reason}"))

    async def send(message: Message) -> None:
        if not message["type"].startswith("lifespan."):
            raise FrameworkError(f"{message['type']} was sent to a lifespan")
        if message["type"].endswith(".failed"):
            fail(message.get("message", ""))
        (ended if message["type"].startswith("lifespan.shutdown") else answered).set()

    async def run() -> None:
        inner = {"type": "lifespan", "asgi": scope["asgi"], "app": scope["app"], "state": state}
        try:
            await app(inner, events_out.receive, send)
        except (SystemExit, KeyboardInterrupt) as error:
            fail(f"{type(error).__name__}: {error}")
        except Exception as error:
            if not answered.is_set():
                logger.debug("the mounted %r has no lifespan: %r", app, error)
            elif not (ended.is_set() or failures):
                fail(f"{type(error).__name__}: {error}")
                logger.error("the lifespan of the mounted %r ended early: %r", app, error)
        answered.set()
        ended.set()

    state.clear()
    with events_in, events_out:
        async with anyio.create_task_group() as group:
            group.start_soon(run)
            events_in.send_nowait({"type": "lifespan.startup"})
            await answered.wait()
            if not failures:
                try:
                    yield
                except Exception as error:  # carried out of the task group, which would wrap it
                    failures.insert(0, error)
                events_in.send_nowait({"type": "lifespan.shutdown"})
                await ended.wait()
            events_in.close()  # an app that goes on to receive is ended by this, and not waited for
    if failures:
        raise failures[0]


def _shared_state(scope: Scope) -> dict[str, Any]:
    if "state" not in scope:
        raise FrameworkError(
            "the lifespan yields a state, but this server does not hand any to the requests: "
            "keep the values in `app.state`, which a handler finds as `request.app.state`"
        )
    state: dict[str, Any] = scope["state"]
    return state


def checked_hook(function: Hook) -> Hook:
    """A function to be called at start-up or shutdown; ConfigError if it takes arguments."""
    try:
        check_function("the hook", function)
        inspect.signature(function).bind()
    except TypeError as error:
        raise ConfigError(
            "at start-up and shutdown functions without arguments are called "
            f"({error}): use a lifespan, which gets the app"
        ) from error
    return function


def _arguments(function: Callable[..., Any], app: Any) -> tuple[Any, ...]:
    try:
        inspect.signature(function).bind()
    except TypeError:
        return (app,)
    return ()


async def _run(function: Callable[[], Any]) -> None:
    if is_async(function):
        await function()
    else:
        await run_in_threadpool(function)
