"""A look at an app in -> what will hurt there, in plain words, out.

A finding is small: a function that is given the `Look` and yields what it sees. The table of all of them is in `table`.

Spec:         none, because most of what hurts keeps to the rules
In FastAPI:   none, because it leaves this to reviewers
In Starlette: none, because it leaves this to reviewers
In Flask:     none, because it leaves this to reviewers
Left out:     nothing
"""
