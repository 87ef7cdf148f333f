"""One module per framework, written as its own documentation would: no tricks that a reader would
not find there.

Each offers the same ASGI apps, as far as it can: `plain` (the five basic routes), `github` (these and the 203),
`wrapped` (plain inside five ASGI middlewares), `nested` (inside five middlewares of the framework's
own function style, where it has one), `bodies` (forms and a large upload, limits lifted where there
are some), `streams` (a WebSocket that echoes, server-sent events, a streamed response), `wsgi` (the
WSGI app of `tests.benchmarks.wsgi` by itself) and `mounted` (the same below `/old`). Routes of the
GitHub API answer `ok` and the values of their parameters, joined by commas.
"""
