"""Pieces in -> a WSGI application that says them, and notes where it was left, out."""

PLAIN = (b"content-type", b"text/plain")
TEXT = [("Content-Type", "text/plain")]


class Pieces:
    """An iterable that notes where it was left, and may do something at each piece."""

    def __init__(self, *pieces, log):
        self.pieces, self.log = iter(pieces), log

    def __iter__(self):
        return self

    def __next__(self):
        item = next(self.pieces)
        if callable(item):
            item = item()
        self.log.append(item)
        return item

    def close(self):
        self.log.append("closed")


def saying(*pieces, log=None, status="200 OK", headers=(), before=()):
    """A WSGI application that answers with these pieces."""
    log = [] if log is None else log

    def app(environ, start_response):
        write = start_response(status, [*TEXT, *headers])
        for data in before:
            write(data)
        return Pieces(*pieces, log=log)

    return app


class Endless(Pieces):
    """The same from one iterator."""

    def __init__(self, pieces, log):
        self.pieces, self.log = pieces, log
