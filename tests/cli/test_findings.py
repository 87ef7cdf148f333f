from framework import App, Middleware, Mount, Route, Router
from framework._cli.findings import is_one, option, subjects
from framework.middleware.timeout import TimeoutMiddleware
from framework.types import ASGIApp, Receive, Scope, Send


def handler() -> None: ...


async def other(scope: Scope, receive: Receive, send: Send) -> None: ...


def around(app: ASGIApp, **options: object) -> ASGIApp:
    return app


OUTER, INNER, OF_ROUTER, OF_ROUTE = (Middleware(around, number=n) for n in range(4))


def test_an_app_is_looked_at_with_those_that_are_mounted_in_it() -> None:
    inner = App(routes=[Route("/x", handler)], middleware=[INNER])
    router = Router(prefix="/r", routes=[Mount("/m", inner)], middleware=[OF_ROUTER])
    router.add_route("/y", handler, middleware=[OF_ROUTE])
    app = App(routes=[router, Mount("/other", other)], middleware=[OUTER])
    outside, inside = subjects(app)
    assert (outside.app, outside.prefix) == (app, "")
    assert outside.chains() == {
        (OUTER,),
        (OUTER, OF_ROUTER),
        (OUTER, OF_ROUTER, OF_ROUTE),
    }
    assert (inside.app, inside.prefix) == (inner, "/r/m")
    assert inside.chains() == {(OUTER, OF_ROUTER, INNER)}


class Own(TimeoutMiddleware):
    __slots__ = ()


class TrustedHostMiddleware(Own):
    """Somebody else's of the same name."""

    __slots__ = ()


def test_middleware_is_known_by_its_class_or_by_the_one_it_is_derived_from() -> None:
    assert is_one(Middleware(Own), "TimeoutMiddleware")
    assert not is_one(Middleware(TrustedHostMiddleware), "TrustedHostMiddleware")
    assert not is_one(Middleware(around), "around")
    assert option(Middleware(Own, seconds=3), "seconds") == 3
    assert option(Middleware(Own), "seconds") is None
