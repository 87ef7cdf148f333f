import pytest

from framework._wire.environ import byte_text, field_variables


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("/plain", "/plain"),
        ("/ä", "/\xc3\xa4"),
        ("/€/%2F", "/\xe2\x82\xac/%2F"),
        ("/\udcff", "/\xff"),  # a byte that is not UTF-8, as some servers hand it on
    ],
)
def test_each_character_of_a_text_is_a_byte_of_its_utf8(text: str, expected: str) -> None:
    assert byte_text(text) == expected
    assert byte_text(text).encode("latin-1") == text.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([], {}),
        ([(b"host", b"x")], {"HTTP_HOST": "x"}),
        ([(b"x-y-z", b"\xe4")], {"HTTP_X_Y_Z": "ä"}),
        ([(b"content-type", b"a/b")], {"CONTENT_TYPE": "a/b"}),
        ([(b"content-length", b"7")], {"CONTENT_LENGTH": "7"}),
        ([(b"content-type", b"a/b"), (b"content-type", b"c/d")], {"CONTENT_TYPE": "a/b"}),
        (
            [(b"x", b"1"), (b"y", b"2"), (b"x", b"3"), (b"x", b"")],
            {"HTTP_X": "1,3,", "HTTP_Y": "2"},
        ),
        ([(b"cookie", b"a=1"), (b"cookie", b"b=2")], {"HTTP_COOKIE": "a=1; b=2"}),
    ],
)
def test_fields_become_variables(
    fields: list[tuple[bytes, bytes]], expected: dict[str, str]
) -> None:
    assert field_variables(fields) == expected


@pytest.mark.parametrize(
    "name", [b"x_user", b"content_length", b"_", b"proxy", b"transfer-encoding"]
)
def test_a_field_that_would_pass_for_something_else_is_left_out(name: bytes) -> None:
    assert field_variables([(name, b"evil"), (b"x-user", b"me")]) == {"HTTP_X_USER": "me"}


def test_ten_thousand_fields_of_one_name_are_joined() -> None:
    joined = field_variables([(b"x", b"%d" % number) for number in range(10_000)])["HTTP_X"]
    assert joined.split(",") == [str(number) for number in range(10_000)]
