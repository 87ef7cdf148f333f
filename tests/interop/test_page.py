"""The page says of each package what the tests have seen of it."""

from tests.interop.page import PAGE, without_versions, written


def test_the_page_is_what_the_tables_say() -> None:
    page = PAGE.read_text("utf-8")
    assert without_versions(page) == without_versions(written(page))


def test_versions_alone_may_differ() -> None:
    assert without_versions("| a-b1 1.2.3 | `x` | yes |") == "| a-b1 | `x` | yes |"
