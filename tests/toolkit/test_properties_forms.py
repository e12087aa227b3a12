"""Whatever a client sends as a form: read, or 400, or 413; at a cost that grows with its bytes and no faster."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rawasgi.requests import Request
from rawasgi.toolkit.formdata import MalformedForm
from tests.drive import converse
from tests.growth import assert_linear, at_once
from tests.test_properties import cut
from tests.toolkit.forms import MULTIPART, URLENCODED, WHOLE, multipart, post, reading

reproducible = settings(derandomize=True, deadline=None, max_examples=100)

LIMITS = {"max_files": 2, "max_fields": 3, "max_part_size": 20}
APP, ROOMY = reading(max_body_size=400, **LIMITS), reading(**LIMITS)

crumbs = b"-- xyz xyz-- \r\n \r \n \r\n\r\n : ; = & % + %f %ff \\ \" ' * \0 \xff \xc3\xa9 a b name filename".split(b" ")
disposition = st.lists(
    st.sampled_from(
        [b'; name="a"', b"; name=a", b'; filename="x"', b"; filename*=x", b";", b'"', b"\\", b'; name="\\"']
    ),
    max_size=4,
).map(lambda options: b"Content-Disposition: form-data" + b"".join(options))
headers = st.lists(st.one_of(disposition, st.sampled_from([b"A: b", b"A", b": b", b"A:", b" a"])), max_size=4)
parts = st.tuples(headers.map(b"\r\n".join), st.lists(st.sampled_from(crumbs), max_size=6).map(b"".join))
bodies = st.one_of(
    st.binary(max_size=60),
    st.lists(st.sampled_from(crumbs), max_size=20).map(b"".join),
    st.tuples(st.lists(parts, max_size=4), st.sampled_from([b"--xyz--", b"--xyz--\r\nmore", b"--xyz-", b""])).map(
        lambda form: multipart(*form[0], end=form[1])
    ),
)
content_types = st.one_of(
    st.sampled_from([MULTIPART, URLENCODED, MULTIPART.title(), 'multipart/form-data; boundary="xyz"; a']),
    st.lists(st.sampled_from(["multipart/form-data", ";", "boundary", "=", '"', "\\", "xyz", " ", "*", "é"])).map(
        "".join
    ),
)


@reproducible
@given(bodies, content_types, st.lists(st.integers(0, 400), max_size=3))
@example(WHOLE, MULTIPART, [])
@example(b"x" * 500, MULTIPART, [450])
def test_any_body_read_as_a_form(body, content_type, places):
    """Any bytes in any pieces, under any Content-Type: what is no form is a 400, what is too long a 413."""
    start, *rest = converse(APP, post(content_type), *cut(body, places))
    assert start["status"] in (200, 400, 413)
    assert [message["type"] for message in rest] == ["http.response.body"]
    assert all(
        value.file.closed for form in APP.state.forms for _, value in form.multi_items() if not isinstance(value, str)
    )
    APP.state.forms.clear()


@reproducible
@given(bodies, st.sampled_from([MULTIPART, URLENCODED]), st.lists(st.integers(0, 400), min_size=1, max_size=3))
def test_where_a_body_is_cut_makes_no_difference(body, content_type, places):
    """The same answer as to the whole, but for the offsets that the parser names."""
    whole = converse(ROOMY, post(content_type), *cut(body, []))
    pieces = converse(ROOMY, post(content_type), *cut(body, places))
    assert pieces[0]["status"] == whole[0]["status"]
    if whole[0]["status"] == 200:
        assert pieces == whole


def multipart_of(headers, content=b""):
    """A form of one part."""
    return multipart((headers, content))


def named(text):
    """A Content-Disposition whose name is this."""
    return b'Content-Disposition: form-data; name="' + text + b'"'


# What made parsers slow before: n -> a Content-Type and a body of about n bytes.
FORMS = {
    "pairs": lambda n: (URLENCODED, b"a=b&" * (n // 4)),
    "ampersands": lambda n: (URLENCODED, b"&" * n),
    "one name": lambda n: (URLENCODED, b"a" * n),
    "one value": lambda n: (URLENCODED, b"a=" + b"b" * n),
    "escapes": lambda n: (URLENCODED, b"a=" + b"%ff" * (n // 3)),
    "halves of escapes": lambda n: (URLENCODED, b"a=" + b"%" * n),
    "parts": lambda n: (MULTIPART, multipart(*[(named(b"a"), b"b")] * (n // 60))),
    "files": lambda n: (MULTIPART, multipart(*[(named(b"a") + b'; filename="f"', b"b")] * (n // 75))),
    "line ends": lambda n: (MULTIPART, multipart_of(named(b"a"), b"\r\n" * (n // 2))),
    "almost boundaries": lambda n: (MULTIPART, multipart_of(named(b"a"), b"\r\n--xy" * (n // 6))),
    "a preamble": lambda n: (MULTIPART, b"\r\n" * (n // 2) + multipart_of(named(b"a"))),
    "an epilogue": lambda n: (MULTIPART, multipart_of(named(b"a")) + b"--xyz\r\n" * (n // 7)),
    "a long header": lambda n: (MULTIPART, multipart_of(b"a" * n + b": b")),
    "backslashes in a header": lambda n: (MULTIPART, multipart_of(named(b"\\" * n))),
    "semicolons in a header": lambda n: (MULTIPART, multipart_of(named(b"a") + b"; a" * (n // 3))),
    "backslashes in the content type": lambda n: (MULTIPART + '; a="' + "\\" * n, b""),
    "quotes in the content type": lambda n: ("multipart/form-data" + '; a="' * (n // 5), b""),
    "semicolons in the content type": lambda n: ("multipart/form-data" + ";" * n, b""),
}


def read_now(form, piece):
    """Read a form in pieces of so many bytes, without a loop: nothing in it waits."""
    content_type, body = form
    places = range(0, max(len(body), 1), piece)
    messages = iter([(body[place : place + piece], place != places[-1]) for place in places])

    async def receive():
        data, more = next(messages)
        return {"type": "http.request", "body": data, "more_body": more}

    async def read():
        request = Request(post(content_type), receive)
        try:
            await request.form(max_files=10**6, max_fields=10**6, max_part_size=10**6)
        except MalformedForm:
            pass
        finally:
            await request.close()

    at_once(read())


@pytest.mark.parametrize("kind", FORMS)
def test_the_work_grows_with_the_bytes(kind):
    """In operations and in time, in small pieces: CVE-2024-24762 and its relatives were quadratic."""
    assert_linear(lambda form: read_now(form, 256), FORMS[kind])
