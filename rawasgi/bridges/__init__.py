"""An app of one protocol in -> an app of the other out.

bytes > server > [app] > middleware > routing > handler > response > bytes

Two bridges, by hand, and the table of what cannot cross them.

Spec:         https://peps.python.org/pep-3333/
In FastAPI:   none, because it names another package: asgiref.wsgi:WsgiToAsgi, for example
In Starlette: none, because its own module is deprecated, and names another package
In Flask:     asgiref.wsgi:WsgiToAsgi, which its documentation names
Left out:     nothing
"""
