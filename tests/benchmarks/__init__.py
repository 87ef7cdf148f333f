"""How fast we are, as ratios to a hand-written ASGI callable that does the same work.

`python -m tests.benchmarks` measures in process, `python -m tests.benchmarks.wire` over the wire.
Both are tools, not tests: the test-suite does not run them. The installed extra `bench` brings the
frameworks that they compare.
"""
