"""An app of anybody's and one exchange in -> what happens inside, and what will hurt there, out.

One recorded run tells who runs where and when; findings are read off it, costs are measured in runs of their own.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#applications
In FastAPI:   none, because it leaves this to profilers
In Starlette: none, because it leaves this to profilers
In Flask:     werkzeug.middleware.profiler:ProfilerMiddleware, which counts calls
Left out:     nothing
"""
