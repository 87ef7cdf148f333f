"""How fast we are, as ratios to a hand-written ASGI callable that does the same work.

- `python -m tests.benchmarks` measures in process: a table, and with `--json FILE` every number.
- `python -m tests.benchmarks.costs`: import, start-up with 10,000 routes, the memory of a route.
- `python -m tests.benchmarks.idle`: the memory of idle sockets and event streams, on a real server.
- `python -m tests.benchmarks.wire`: requests per second under uvicorn and granian, by wrk.
- `python -m tests.benchmarks --all` runs all four, one after another.
- `python -m tests.benchmarks.plot FILE docs/speed` draws the numbers of `--json` for a light and a
  dark page.

All are tools, not tests: the test-suite does not run them. The installed extra `bench` brings the
frameworks that they compare. Functions and calls per request are counted by `tests/test_frames.py`.
"""
