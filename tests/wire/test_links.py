"""The values of Link fields."""

import pytest

from framework._wire.links import LINK_VALUE, check_link
from tests.wire.work import backtracking_quantifiers


@pytest.mark.parametrize(
    "link",
    [
        "</style.css>",
        "</style.css>; rel=preload; as=style",
        '<https://cdn.example/a.js?b=c,d;e>;rel="preload" ; as = "script"; crossorigin',
        "</%C3%A9.woff2>; rel=preload; title*=UTF-8''%C3%A9",
        '<//cdn.example>; rel=preconnect; title="a \\"b\\" <c>, d;\tü"',
        "<#top>\t;\trel=x",
    ],
)
def test_a_link_is_sent_as_it_is(link: str) -> None:
    assert check_link(link) == link.encode("latin-1")


@pytest.mark.parametrize(
    "link",
    [
        "",
        "/style.css",
        "<>",
        "</a b>",
        "</é>",
        "<</a>>",
        "</a>;",
        "</a>; =b",
        "</a>; rel=",
        "</a>; rel=a b",
        '</a>; rel="a',
        '</a>; rel="a"b"',
        '</a>; title="€"',
        "</a>, </b>",
        "</a> rel=preload",
        " </a>",
        "</a>\n",
        "</a>\r\nset-cookie: a=b",
        "</a\x00>",
        '</a>; title="a\r\nb"',
        '</a>; title="a\\\nb"',
        "</a>; rel=a\x7f",
    ],
)
def test_what_is_no_link_is_refused_with_an_example(link: str) -> None:
    with pytest.raises(ValueError, match=r"write it as '</style\.css>; rel=preload; as=style'"):
        check_link(link)


@pytest.mark.parametrize("control", [*map(chr, range(9)), *map(chr, range(10, 32)), "\x7f"])
@pytest.mark.parametrize(
    "link", ["%s</a>", "</a%s>", "</a>%s", "</a>;%srel=b", "</a>; rel=%sb", '</a>; title="b%s"']
)
def test_no_control_character_passes(link: str, control: str) -> None:
    with pytest.raises(ValueError, match="is no link"):
        check_link(link % control)


def test_links_are_checked_in_linear_time() -> None:
    assert backtracking_quantifiers(LINK_VALUE) == []
