"""Header fields, read and written."""

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._wire.headers import Headers, MutableHeaders, encode_headers
from tests.wire.work import count_calls

RAW = [(b"host", b"example.org"), (b"accept", b"text/html"), (b"x", b""), (b"accept", b"*/*")]
FIELDS = st.lists(st.tuples(st.sampled_from([b"a", b"A", b"b", b"c"]), st.binary(max_size=3)))


@pytest.mark.parametrize("key", ["accept", "Accept", "ACCEPT"])
def test_a_field_is_found_by_its_name_in_any_case(key: str) -> None:
    headers = Headers(raw=RAW)
    assert headers[key] == headers.get(key) == "text/html"
    assert headers.getlist(key) == ["text/html", "*/*"]
    assert headers.combined(key) == "text/html, */*"
    assert key in headers


@pytest.mark.parametrize("raw", [[(b"Host", b"x")], [(b"host", b"x")], [(b"HOST", b"x")]])
def test_a_field_of_a_careless_server_is_found_all_the_same(raw: list[tuple[bytes, bytes]]) -> None:
    headers = Headers(raw=raw)
    assert headers["host"] == "x"
    assert headers.getlist("Host") == ["x"]
    assert headers.multi_items() == [("host", "x")]


@pytest.mark.parametrize("key", ["cookie", "", "X-", "€", "ho\u017ft", "\u212a", "?", "é"])
def test_a_field_that_is_not_there_is_a_key_error_or_the_default(key: str) -> None:
    headers = Headers(raw=[*RAW, (b"k", b"1")])
    for _ in range(2):
        with pytest.raises(KeyError) as caught:
            headers[key]
        assert caught.value.args == (key,)
        assert headers.get(key) is None
        assert headers.get(key, "y") == "y"
        assert headers.get(key, default=0) == 0
        assert headers.getlist(key) == []
        assert headers.combined(key) is None
        assert key not in headers
        len(headers)  # reads an index from now on, and the same from it


def test_only_text_is_the_name_of_a_field() -> None:
    headers: Collection[object] = Headers(raw=RAW)
    assert b"host" not in headers


def test_an_empty_value_is_a_value() -> None:
    headers = Headers(raw=RAW)
    assert headers["x"] == headers.combined("x") == headers.get("x", "y") == ""
    assert "x" in headers


@given(FIELDS)
def test_as_a_mapping_each_name_has_its_first_value(raw: list[tuple[bytes, bytes]]) -> None:
    for headers in (Headers(raw=raw), MutableHeaders(raw=raw)):
        one_by_one = {name: headers[name] for name in "abc" if name in headers}
        assert dict(headers) == one_by_one == {n: headers.getlist(n)[0] for n in one_by_one}
        assert dict(headers.items()) == dict(headers)
        assert list(headers.values()) == [headers[name] for name in headers]
        assert len(headers) == len(list(headers.keys())) == len(one_by_one)
        assert [name for name, _ in headers.multi_items()] == [n.decode().lower() for n, _ in raw]


def test_each_byte_is_a_character_and_comes_back_as_it_was() -> None:
    value = bytes(range(256))
    headers = Headers(raw=[(b"x", value)])
    assert headers["x"].encode("latin-1") == value


def test_headers_made_of_text_are_checked_and_in_lower_case() -> None:
    fields = [("X-A", " 1 "), ("x-a", "2")]
    assert Headers(fields).raw == [(b"x-a", b"1"), (b"x-a", b"2")]
    assert Headers(dict(fields)).raw == [(b"x-a", b"1"), (b"x-a", b"2")]
    assert Headers().raw == MutableHeaders().raw == []


@pytest.mark.parametrize("source", [Headers, MutableHeaders])
def test_repeated_fields_survive_a_copy(source: type[Headers]) -> None:
    headers = source(raw=[(b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=2")])
    assert encode_headers(headers) == [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]


def test_a_view_is_of_the_list_it_was_given() -> None:
    raw = list(RAW)
    headers = MutableHeaders(raw=raw)
    headers["host"] = "example.com"
    del headers["accept"]
    assert headers.raw is raw
    assert raw == [(b"host", b"example.com"), (b"x", b"")]
    raw.append((b"y", b"1"))
    assert list(headers) == ["host", "x", "y"]


def test_any_iterable_of_pairs_will_do() -> None:
    assert Headers(raw=iter(RAW)).raw == Headers(raw=tuple(RAW)).raw == RAW


def test_a_mutable_copy_leaves_the_original_alone() -> None:
    headers = Headers(raw=RAW)
    copy = headers.mutablecopy()
    copy["x-new"] = "1"
    assert "x-new" not in headers
    assert copy != headers


def test_headers_are_equal_when_their_fields_are() -> None:
    headers = Headers({"X-A": "1", "b": "2"})
    assert headers == MutableHeaders(raw=[(b"x-a", b"1"), (b"B", b"2")])
    assert headers != Headers({"b": "2", "x-a": "1"})
    assert headers != {"x-a": "1", "b": "2"}
    assert repr(headers) == "Headers([('x-a', '1'), ('b', '2')])"


def test_setting_replaces_all_fields_of_the_name_in_the_place_of_the_first() -> None:
    headers = MutableHeaders(raw=[(b"a", b"1"), (b"B", b"2"), (b"c", b"3"), (b"b", b"4")])
    headers["B"] = "5"
    assert headers.raw == [(b"a", b"1"), (b"b", b"5"), (b"c", b"3")]
    headers["D"] = "6"
    assert headers.raw[-1] == (b"d", b"6")


def test_deleting_removes_all_fields_of_the_name_if_there_are_any() -> None:
    headers = MutableHeaders(raw=[(b"a", b"1"), (b"B", b"2"), (b"b", b"3")])
    del headers["b"]
    del headers["no-such-field"]
    assert headers.raw == [(b"a", b"1")]


def test_appending_keeps_the_others() -> None:
    headers = MutableHeaders({"set-cookie": "a=1"})
    headers.append("Set-Cookie", "b=2")
    assert headers.getlist("set-cookie") == ["a=1", "b=2"]


def test_setting_a_default_changes_nothing_that_is_there() -> None:
    headers = MutableHeaders({"a": ""})
    assert headers.setdefault("A", "1") == ""
    assert headers.setdefault("B", " 2 ") == "2"
    assert headers.multi_items() == [("a", ""), ("b", "2")]


@pytest.mark.parametrize(
    "update", [[("b", "3"), ("B", "4")], Headers(raw=[(b"b", b"3"), (b"B", b"4")])]
)
def test_updating_replaces_names_by_all_their_new_values(update: Headers) -> None:
    headers = MutableHeaders([("a", "1"), ("b", "2"), ("c", "5")])
    headers.update(update)
    headers.update({"C": "6"})
    assert headers.multi_items() == [("a", "1"), ("b", "3"), ("b", "4"), ("c", "6")]


@pytest.mark.parametrize(
    ("before", "names", "after"),
    [
        ([], ["Cookie"], ["Cookie"]),
        ([], [], []),
        (["Accept"], [], ["Accept"]),
        (["Accept"], ["Cookie", "Origin"], ["Accept, Cookie, Origin"]),
        (["Accept, Cookie"], ["accept", "COOKIE"], ["Accept, Cookie"]),
        (["Accept", "Cookie,,accept"], ["Origin", "origin"], ["Accept, Cookie, Origin"]),
        (["*"], ["Cookie"], ["*"]),
        (["Accept, *"], ["Cookie"], ["*"]),
        (["Accept"], ["*"], ["*"]),
    ],
)
def test_vary_has_each_name_once(before: list[str], names: list[str], after: list[str]) -> None:
    headers = MutableHeaders([("vary", value) for value in before])
    headers.vary(*names)
    assert headers.getlist("vary") == after


BAD_NAMES = ["", "a b", "a\r\nb", "ü", "a:"]
BAD_VALUES = ["a\r\nset-cookie: b=c", "\n", "a\0", "€", "\x7f"]


@pytest.mark.parametrize(
    ("key", "value"), [*((key, "1") for key in BAD_NAMES), *(("x", value) for value in BAD_VALUES)]
)
def test_no_way_in_takes_a_field_that_would_break_out_of_its_line(key: str, value: str) -> None:
    headers = MutableHeaders({"x-kept": "1"})
    for write in (headers.__setitem__, headers.append, headers.setdefault):
        with pytest.raises(ValueError, match="header field"):
            write(key, value)
    for make in (Headers, MutableHeaders, encode_headers, headers.update):
        with pytest.raises(ValueError, match="header field"):
            make([(key, value)])
        with pytest.raises(ValueError, match="header field"):
            make({key: value})
    raw = Headers(raw=[(b"x-bad", b"1\r\n")])
    with pytest.raises(ValueError, match="header field"):
        headers.update(raw)
    assert headers.raw == [(b"x-kept", b"1")]


@pytest.mark.parametrize("name", [*BAD_NAMES, "a,b"])
def test_vary_takes_nothing_but_names(name: str) -> None:
    headers = MutableHeaders({"vary": "Accept"})
    with pytest.raises(ValueError, match="Vary takes names of header fields"):
        headers.vary(name)
    assert headers.raw == [(b"vary", b"Accept")]


@pytest.mark.parametrize("kind", [Headers, MutableHeaders])
@pytest.mark.parametrize("names", [1, 10_000])
def test_ten_thousand_fields_are_read_in_proportion(kind: type[Headers], names: int) -> None:
    headers = kind(raw=[(b"x%d" % (n % names), b"1") for n in range(10_000)])
    most = 20 * 10_000
    assert count_calls(lambda: headers.combined("x0")) < most
    assert count_calls(lambda: headers.get("y")) < most
    assert count_calls(lambda: list(headers.items())) < most
    assert count_calls(lambda: list(headers.values())) < most
    assert len(headers) == names


@pytest.mark.parametrize("names", [1, 10_000])
def test_a_dict_of_ten_thousand_fields_is_made_in_proportion(names: int) -> None:
    headers = Headers(raw=[(b"x%d" % (n % names), b"1") for n in range(10_000)])
    assert count_calls(lambda: dict(headers)) < 20 * 10_000


@pytest.mark.parametrize("names", [1, 10_000])
def test_ten_thousand_fields_are_changed_in_proportion(names: int) -> None:
    raw = [(b"x%d" % (n % names), b"1") for n in range(10_000)]
    most = 20 * 10_000
    assert count_calls(lambda: MutableHeaders(raw=list(raw)).update(Headers(raw=raw))) < most
    assert count_calls(lambda: MutableHeaders(raw=list(raw)).__delitem__("x0")) < most
    assert count_calls(lambda: MutableHeaders(raw=list(raw)).__setitem__("x0", "2")) < most
