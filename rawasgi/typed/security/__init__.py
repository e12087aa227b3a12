"""What a client shows in -> who it is and what it may do, or the right refusal, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

Two questions, two kinds of modules. What did the client show, and where: `http`, `api_key`, `oauth2`, `openid`. They
need nothing, and OpenAPI prints them. Is it right: `comparison`, `passwords`, `tokens`. The last two need the extra
`security`.

Spec:         https://www.rfc-editor.org/rfc/rfc9110#section-11
In FastAPI:   fastapi.security:HTTPBearer, for example; it leaves passwords and tokens to you
In Starlette: none, because it has a layer instead: starlette.middleware.authentication:AuthenticationMiddleware
In Flask:     none, because extensions do it: Flask-HTTPAuth, Flask-JWT-Extended, Authlib
Left out:     HTTP Digest, which nothing new should use; servers that issue tokens to strangers
"""
