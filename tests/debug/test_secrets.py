"""Which names are secrets', and texts without what is behind them."""

import pytest

from framework._debug.secrets import is_secret, without_secrets


@pytest.mark.parametrize(
    "name", ["password", "apiKey", "X-Api-Key", "Authorization", "session_id", "key", "csrftoken"]
)
def test_the_name_of_a_secret_is_known(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["author", "keyboard", "monkey", "page", "compass", ""])
def test_an_innocent_name_is_not_taken_for_a_secret(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("password='a\\'b', x=1", "password=[redacted], x=1"),
        ('{"token": "t", "a": 1}', '{"token": [redacted], "a": 1}'),
        ("Basic dXNlcg==", "Basic [redacted]"),
        ("redis://u:p@host/0", "redis://[redacted]@host/0"),
        ("?token=t&page=2", "?token=[redacted]&page=2"),
        ("page=2", "page=2"),
        ("http://h/boom?token=a&pin=b", "http://h/boom?token=[redacted]&pin=[redacted]"),
        ("URL('https://u:p@h/?token=a')", "URL('https://[redacted]@h/?token=[redacted]')"),
        ("Error: password=a", "Error: password=[redacted]"),
        ("a:b:token=c", "a:b:token=[redacted]"),
        ("{'note': 'password=a', 'b': 1}", "{'note': 'password=[redacted]', 'b': 1}"),
        ("password=", "password="),
    ],
)
def test_a_text_loses_the_values_of_secrets_alone(text: str, shown: str) -> None:
    assert without_secrets(text) == shown
