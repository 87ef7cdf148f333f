"""Paths below a mounted StaticFiles as they are sent, and the status of the answer.

The folder that they are asked of is made by `tests/test_staticfiles.py`: it has every name that a 200
is for, and beside it are `secret.txt` and the folder `static-private`.
"""

SERVED = [
    "site.css",
    "%73ite%2Ecss",
    "deep/er/file.txt",
    "with%20space.txt",
    "%C3%BCber.txt",
    "a+b.txt",
    "a;b.txt",
    "a:b.txt",
    "~user.txt",
    "%2541.txt",  # a file whose name is %41.txt
    "inside.css",  # a link to site.css
    "folder/file.txt",  # by a link to deep/er
    ".well-known/security.txt",
]

DOT_SEGMENTS = [
    "../secret.txt",
    "..",
    "../",
    "deep/../../secret.txt",
    "deep/../site.css",
    "./site.css",
    "deep/./er/file.txt",
    "%2e%2e/secret.txt",
    ".%2e/secret.txt",
    "%2E./secret.txt",
    "%2e%2e%2fsecret.txt",
    "..%2fsecret.txt",
    "deep%2f..%2f..%2fsecret.txt",
    "%252e%252e/secret.txt",
    "%252e%252e%252fsecret.txt",
    "%25252e%25252e%25252fsecret.txt",
    "..\\secret.txt",
    "..%5csecret.txt",
    "%5c..%5csecret.txt",
    "deep\\..\\site.css",
    "..;/secret.txt",
    "%2e%2e%3b/secret.txt",
    "..%00/secret.txt",
    "..%20/secret.txt",
    ".../secret.txt",
    "%c0%ae%c0%ae/secret.txt",  # an overlong form of a dot, which is no UTF-8
    "..%c0%afsecret.txt",
    "%e0%80%ae%e0%80%ae/secret.txt",
    "%EF%BC%8E%EF%BC%8E/secret.txt",  # look-alikes: full width dots
    "%E2%80%A5/secret.txt",  # two dot leader
    "..%E2%88%95secret.txt",  # division slash
    "..%EF%BC%8Fsecret.txt",  # full width slash
    "%u002e%u002e/secret.txt",
]

OTHER_PLACES = [
    "../static-private/secret.txt",
    "..%2fstatic-private%2fsecret.txt",
    "-private/secret.txt",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "//etc/passwd",
    "C:/secret.txt",
    "C:%5csecret.txt",
    "%5c%5chost%5cshare%5csecret.txt",
    "%5c%5c%3f%5cC:%5csecret.txt",
    "file:///etc/passwd",
    "~/secret.txt",
    "outside.txt",  # a link to ../secret.txt
    "chain.txt",  # a link to that link
    "sibling/secret.txt",  # by a link to ../static-private
    "deep/up.txt",  # a link to ../../secret.txt
    "device",  # a link to /dev/null
    "broken",
    "loop",
    "loop/site.css",
]

NO_FILES = [
    "",
    "deep",
    "deep/",
    "deep/er",
    "folder",
    "pipe",
    "socket",
    "site.css/",
    "site.css/x",
    "site.css/..",
    "site.css//",
    "/site.css",
    "deep//er/file.txt",
    "deep%2fer%2ffile.txt",  # one name, which has a slash
]

OTHER_NAMES = [
    "site.css%00",
    "site.css%00.txt",
    "%00",
    "site.css%0a",
    "site.css%20",
    "site.css.",
    "site.css;x",
    "site.css%3fx",
    "site.css%23x",
    "site.css::$DATA",
    "SITE.CSS",
    "%ff",
    "site.css%ff",
    "%ed%a0%80",  # a surrogate
    "%",
    "%zz",
    "x" * 255,
    "x" * 256,
    "x/" * 3_000,
    "x" * 60_000,
    "folder/" * 3 + "x" * 60_000,
    "%2e%2e/" * 5_000,
]

DOTFILES = [
    ".env",
    ".git/config",
    "%2eenv",
    "deep/.hidden",
    "deep/.well-known/security.txt",
    ".well-known/",
    ".well-known/.env",
    ".well-knowns/security.txt",
]

STATIC_PATHS: list[tuple[str, int]] = [
    *((path, 200) for path in SERVED),
    *(
        (path, 404)
        for paths in (DOT_SEGMENTS, OTHER_PLACES, NO_FILES, OTHER_NAMES, DOTFILES)
        for path in paths
    ),
]

REDIRECTS: list[tuple[str, str, str]] = [
    # root_path, the path that is asked for, and the Location: one slash at its start, and this origin
    ("", "/deep", "/deep/"),
    ("", "/deep?a=1&b=%2F", "/deep/?a=1&b=%2F"),
    ("", "/with%20space", "/with%20space/"),
    ("", "/%C3%BCber", "/%C3%BCber/"),
    ("", "/evil.example", "/evil.example/"),
    ("", "/%09", "/%09/"),
    ("", "/a%3Fb%23c", "/a%3Fb%23c/"),
    ("/static", "/static", "/static/"),
    ("/static", "/static/deep", "/static/deep/"),
    ("/static", "/deep", "/static/deep/"),
    ("//evil.example", "//evil.example/deep", "/evil.example/deep/"),
    ("/\\evil.example", "/%5cevil.example/deep", "/%5Cevil.example/deep/"),
]

NO_REDIRECTS: list[str] = [
    "//evil.example",
    "//evil.example/deep",
    "///evil.example",
    "/%2fevil.example",
    "/\\evil.example",
    "/%5cevil.example",
    "/%5c/evil.example",
    "/%09/evil.example",
    "/.%2f/evil.example",
    "/deep%2f",
    "/deep%5c",
]
