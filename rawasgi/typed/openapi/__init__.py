"""The plans of an app in -> its OpenAPI document, and the pages that show it, out.

bytes > server > app > middleware > [routing > handler > response] > bytes

`schemas` asks pydantic, `described` gathers what has a schema, `operations` and `document` write it down; `assets` and
`pages` show it; `docs` puts all that beside your routes.

Spec:         https://github.com/OAI/OpenAPI-Specification/blob/main/versions/3.1.1.md
In FastAPI:   fastapi.openapi.utils:get_openapi
In Starlette: starlette.schemas:SchemaGenerator
In Flask:     none, because it has no documentation pages
Left out:     webhooks, callbacks, links
"""
