"""An app of anybody's in -> what it does, made visible, out.

Instruments look at applications from outside and need nothing of them: an app of Starlette, FastAPI or Django will do.
Nothing imports them.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#applications
In FastAPI:   fastapi.testclient:TestClient
In Starlette: starlette.testclient:TestClient
In Flask:     flask.testing:FlaskClient
Left out:     nothing
"""
