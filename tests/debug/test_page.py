"""The pages as HTML."""

from framework import App
from framework._debug.failures import OUTERMOST, Failure, Frame, SourceLine
from framework._debug.page import error_page, miss_page, policy

OWN = Frame("a.py", 1, "f", True, [SourceLine(1, "a < b", 2, 3)], [("x", "<b>")])
LIBRARY = Frame("b.py", 1, "<g>", False, [], [])


def test_own_frames_are_open_and_libraries_folded() -> None:
    page = error_page([Failure("", "E", "<m>", ["<n>"], [OWN, LIBRARY], 0)], [], "GET /<p>", "n")
    assert '<details class="own" open>' in page
    assert '<details class="library"><' in page
    assert "<mark>&lt;</mark>" in page
    assert not any(tag in page for tag in ("<b>", "<g>", "<m>", "<n>", "<p>&", "/<p>"))


def test_causes_have_headings_and_recursions_a_gap() -> None:
    cause = Failure("Caused by", "E", "", [], [LIBRARY] * (OUTERMOST + 1), 7)
    page = error_page([Failure("", "E", "", [], [], 0), cause], [], "GET /", "n")
    assert "<h2>Caused by: E</h2>" in page
    assert "7 calls left out" in page


def test_a_page_and_its_policy_share_a_nonce() -> None:
    page = miss_page("404 Not Found", App().explain("GET", "/<x>"), [], "abc")
    assert '<style nonce="abc">' in page
    assert "GET /&lt;x&gt;" in page
    assert "Routes" not in page
    assert "style-src 'nonce-abc'" in policy("abc")
