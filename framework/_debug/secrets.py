"""Which names are those of secrets, and texts without the values behind such names.

It goes by names, so a secret in a variable called `x` is shown. Rather too much is hidden than too
little: `key` is hidden, too. Every pattern takes linear time, as clients choose the texts.
"""

import re

__all__ = ["REDACTED", "is_secret", "without_literals", "without_secrets"]

REDACTED = "[redacted]"

ANYWHERE = re.compile(
    "accesskey|apikey|authoriz|cardnumber|cookie|credential|creditcard|[cx]srf|jwt|passcode|passphrase"
    "|passw|privatekey|secret|session|token"
)
WORDS = frozenset(
    [
        "auth",
        "bearer",
        "card",
        "cvc",
        "cvv",
        "dsn",
        "iban",
        "key",
        "keys",
        "nonce",
        "oauth",
        "otp",
        "pass",
        "pin",
        "pwd",
        "salt",
        "sid",
        "signature",
        "ssn",
    ]
)
WORD = re.compile("[A-Z]?[a-z]+|[A-Z]+(?![a-z])")  # of snake_case, camelCase and X-Field-Names
NOT_LETTERS = re.compile("[^a-z]+")

NAMED = re.compile(
    r"""(?<![\w-])([\w-]++)                       # a name
        (?:["']\s*+[,:=]|\s*+[:=](?!//))\s*+     # in quotes or not, and what follows it""",
    re.VERBOSE,
)
VALUE = re.compile(
    r"""\[redacted\]|[bruf]?'(?:[^'\\]|\\.)*+'?|[bruf]?"(?:[^"\\]|\\.)*+"?|[^\s,;&)\]}"']++""",
    re.DOTALL,
)
LITERAL = re.compile(
    r"""(?<![\w-])([\w-]++)(["']?\s*+[:=]\s*+)([bruf]?'(?:[^'\\]|\\.)*+'|[bruf]?"(?:[^"\\]|\\.)*+")""",
    re.DOTALL,
)
SCHEME = re.compile(r"\b(basic|bearer|digest|negotiate)\s++[^\s,;'\"]++", re.IGNORECASE)
USERINFO = re.compile(r"://[^/\s@'\"]++@")  # RFC 3986 section 3.2.1


def is_secret(name: str) -> bool:
    """Whether what is called so is not to be shown.

    >>> [is_secret(name) for name in ("apiKey", "X-Csrf-Token", "db_password", "author", "keyboard")]
    [True, True, True, False, False]
    """
    if ANYWHERE.search(NOT_LETTERS.sub("", name.lower())):
        return True
    return not WORDS.isdisjoint(word.lower() for word in WORD.findall(name))


def without_secrets(text: str) -> str:
    """A text such as a repr, a URL or a header field, without the values whose names are secrets'.

    >>> without_secrets("Login(user='ann', password='x'), postgres://ann:x@db/app?token=x&page=2")
    "Login(user='ann', password=[redacted]), postgres://[redacted]@db/app?token=[redacted]&page=2"
    """
    text = USERINFO.sub(f"://{REDACTED}@", text)
    text = SCHEME.sub(rf"\1 {REDACTED}", text)
    shown: list[str] = []
    start = end = 0
    while named := NAMED.search(text, end):
        end = named.end()  # what is called by a harmless name may hold others: "url=/?token=x"
        if is_secret(named[1]) and (value := VALUE.match(text, end)):
            shown += [text[start:end], REDACTED]
            start = end = value.end()
    return "".join([*shown, text[start:]])


def without_literals(line: str) -> str:
    """A line of source without the texts in it that are given to what has the name of a secret.

    >>> without_literals('connect(host="db", password="x"), form["password"]')
    'connect(host="db", password=[redacted]), form["password"]'
    """
    return LITERAL.sub(_hide, line)


def _hide(pair: re.Match[str]) -> str:
    name, between, _ = pair.groups()
    return f"{name}{between}{REDACTED}" if is_secret(name) else pair[0]
