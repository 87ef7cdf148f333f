import re

from framework.openapi._look import SCRIPT, STYLE


def test_nothing_is_loaded_from_elsewhere() -> None:
    assert not re.search(r"url\(|@import|//|fetch|import\(|innerHTML", STYLE + SCRIPT)


def test_neither_can_end_its_element() -> None:
    assert "</" not in STYLE + SCRIPT
