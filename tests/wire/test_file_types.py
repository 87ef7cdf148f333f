"""The media types of files."""

import pytest

from framework._wire.file_types import _BY_TYPE, MEDIA_TYPES, media_type_of
from framework._wire.media import parse_media_type


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("index.html", "text/html"),
        ("app.js", "text/javascript"),  # RFC 9239: not application/javascript
        ("module.mjs", "text/javascript"),
        ("STYLE.CSS", "text/css"),
        ("a.b.webp", "image/webp"),
        ("font.woff2", "font/woff2"),
        ("archive.tar.gz", "application/gzip"),
        (".json", "application/json"),
        ("json", "application/octet-stream"),
        ("a.", "application/octet-stream"),
        ("a.unknown", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_the_end_of_a_name_says_what_a_file_is(name: str, media_type: str) -> None:
    assert media_type_of(name) == media_type


def test_each_suffix_stands_for_one_type_that_is_one() -> None:
    assert len(MEDIA_TYPES) == sum(len(suffixes.split()) for suffixes in _BY_TYPE.values())
    assert list(_BY_TYPE) == sorted(_BY_TYPE)
    for media_type in _BY_TYPE:
        parsed = parse_media_type(media_type)
        assert parsed is not None
        assert parsed.essence == media_type
