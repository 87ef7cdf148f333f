"""An ASGI checker: stands between a server and an app, and says who breaks which rule of ASGI.

What scopes and messages look like is in `_scopes` and `_messages`, what may come when in `_order`.
"""

from framework.checker._checker import Checker, fail, log
from framework.checker._clauses import Breach, Clause, SpecViolation

__all__ = ["Breach", "Checker", "Clause", "SpecViolation", "fail", "log"]
