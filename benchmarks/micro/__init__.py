"""An app in -> what it costs beside a bare callable that answers the same bytes, out.

`make bench-micro` runs it: no socket, no server, one event loop, one process. What remains is the time between
`app(scope, receive, send)` and its return. Only ratios mean anything, taken between neighbours of one round.

Left out: everything a server does; `benchmarks.load` has that.
"""
