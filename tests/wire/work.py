"""How much work a function does, counted instead of timed: a clock would test the machine."""

import gc
import re
from collections.abc import Callable
from cProfile import Profile

__all__ = ["backtracking_quantifiers", "count_calls"]


def count_calls(work: Callable[[], object]) -> int:
    """How many functions `work` calls, those written in C included."""
    profile = Profile()
    gc.disable()  # it would call what other tests have left
    try:
        profile.runcall(work)
    finally:
        gc.enable()
    return sum(entry.callcount for entry in profile.getstats())


def backtracking_quantifiers(pattern: re.Pattern[str]) -> list[str]:
    """The quantifiers that are not possessive: without any, an expression takes linear time."""
    classes_are_x = re.sub(r"\[.[^\]]*\]", "x", re.sub(r"\\.", "x", pattern.pattern))
    quantifiers: list[str] = re.findall(r"(?<!\()(?:[*+?]|\{.*?\})\+?", classes_are_x)
    return [found for found in quantifiers if len(found) == 1 or found[-1] != "+"]
