"""How much work a function does, counted instead of timed: a clock would test the machine."""

import gc
import re
from collections.abc import Callable
from cProfile import Profile
from types import CodeType

__all__ = ["backtracking_quantifiers", "count_calls"]


def count_calls(work: Callable[[], object]) -> int:
    """How many functions are called by `work` and what it calls, those written in C included.

    Other threads are left out: since Python 3.12 a Profile counts what they call, too.
    """

    def run() -> None:
        work()

    profile = Profile()
    gc.disable()  # it would call what other tests have left
    try:
        profile.runcall(run)
    finally:
        gc.enable()
    callees = {entry.code: entry.calls or () for entry in profile.getstats()}
    calls = 0
    waiting: list[CodeType | str] = [run.__code__]
    seen = {*waiting}
    while waiting:
        for callee in callees.get(waiting.pop(), ()):
            calls += callee.callcount
            if callee.code not in seen:
                seen.add(callee.code)
                waiting.append(callee.code)
    return calls


def backtracking_quantifiers(pattern: re.Pattern[str]) -> list[str]:
    """The quantifiers that are not possessive: without any, an expression takes linear time."""
    classes_are_x = re.sub(r"\[.[^\]]*\]", "x", re.sub(r"\\.", "x", pattern.pattern))
    quantifiers: list[str] = re.findall(r"(?<!\()(?:[*+?]|\{.*?\})\+?", classes_are_x)
    return [found for found in quantifiers if len(found) == 1 or found[-1] != "+"]
