"""One module per framework, written as its own documentation would: no tricks that a reader would
not find there.

Each offers the same ASGI apps, as far as it can: `plain` (the five basic routes), `github` (these and the 203),
`wrapped` (plain inside five ASGI middlewares), `nested` (inside five middlewares of the framework's
own function style, where it has one), `bodies` (forms and a large upload, limits lifted where there
are some), `streams` (a WebSocket that echoes, server-sent events, a streamed response), `wsgi` (the
WSGI app of `tests.benchmarks.wsgi` by itself), `mounted` (the same below `/old`), `files` and `kept` (a
folder of files, and one that does not change), `compressed`, `cors`, `sessions`, `threads` (a plain
function in a thread), `api` (orders as JSON, with CORS, compression, sessions, request ids and problem
details), and the function `many`, which builds an app of many routes. What a framework lacks it leaves
out. Routes of the GitHub API answer `ok` and the values of their parameters, joined by commas.
"""
