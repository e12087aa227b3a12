"""The same bodies to Starlette: the same forms and the same refusals, but for what is declared."""

import pytest

from tests.toolkit.forms import MULTIPART, URLENCODED, WHOLE, field, file, multipart, told
from tests.wire.kits import RAWASGI, STARLETTE, changes, http, play


def forms(kit, log):
    """An app that reads forms: awaited, by `async with`, twice, by name."""
    limits = {"max_files": 2, "max_fields": 3, "max_part_size": 20}

    async def awaited(request):
        form = await request.form(**limits)
        log.append([form.get("a"), form.getlist("a") if "a" in form else list(form), len(form)])
        response = kit.JSONResponse(await told(form))
        await request.close()  # Starlette leaves the files open otherwise
        return response

    async def entered(request):
        async with request.form(**limits) as form:
            found = await told(form)
            upload = form.get("f")
            if isinstance(upload, kit.UploadFile):
                await upload.seek(1)
                log.append([await upload.read(2), upload.content_type])
        log.append(upload is not None and upload.file.closed)
        assert await request.form() is form
        await request.close()
        return kit.JSONResponse(found)

    async def as_body(request):
        return kit.JSONResponse([len(await request.body()), await told(await request.form())])

    handlers = (awaited, entered, as_body)
    return kit.App(
        routes=[kit.Route(f"/{func.__name__}", func, methods=["POST"]) for func in handlers], max_body_size=2_000
    )


def form(body, content_type=MULTIPART, path="/awaited"):
    """A form, in three pieces."""
    cut = len(body) // 3
    return http(
        "POST", path, body[:cut], body[cut : 2 * cut], body[2 * cut :], headers=[(b"content-type", content_type)]
    )


MULTI, URL = MULTIPART.encode(), URLENCODED.encode()
FILENAMES = [b"../../x", b"/x", b"a\\b", b"C:\\\\a\\\\b", "é".encode(), b"\xe9", b'a\\"b', b"a%22b", b"a;b", b"", b"\0"]
REFUSED = "the words of a refusal are our own"
TORN = "a body that ends before its closing boundary is refused, where Starlette gives what there was"
UTF_8 = "bytes that are not escaped are UTF-8, as the URL standard reads them; Starlette reads Latin-1"
SCENES = {
    "a whole form": (form(WHOLE, MULTI), None),
    "a form that is entered": (form(WHOLE, MULTI, "/entered"), None),
    "a form whose body was read": (form(b"a=1&b=2", URL, "/as_body"), None),
    "pairs": (form(b"a=1&a=2&b=%C3%A9+x%20y&&c&=d&e=f=g&%ff=%zz&;=", URL), REFUSED),
    "few pairs": (form(b"a=1&b=%C3%A9+%zz&%ff", URL), None),
    "no pairs": (form(b"", URL), None),
    "raw bytes": (form(b"a=\xc3\xa9", URL), UTF_8),
    "another type": (form(WHOLE, b"text/plain"), None),
    "no type": (form(WHOLE, b""), None),
    "odd case and quotes": (form(WHOLE, b'Multipart/Form-Data; Boundary="xyz"; charset=utf-8'), None),
    "a preamble and an epilogue": (form(b"\r\n" + WHOLE + b"more", MULTI), None),
    "no parts": (form(b"--xyz--", MULTI), None),
    "headers of a part": (form(multipart(file(b"f", b"x", b"1", b"X-A: \xe9", b"x-a: 2")), MULTI), None),
    "an extended filename": (
        form(multipart((b"Content-Disposition: form-data; name=f; filename*=UTF-8''x", b"1")), MULTI),
        None,
    ),
    **{f"filename {name!r}": (form(multipart(file(b"f", name)), MULTI), None) for name in FILENAMES},
    "too many fields": (form(multipart(*[field(b"a")] * 4), MULTI), REFUSED),
    "too many files": (form(multipart(*[file(b"a", b"x")] * 3), MULTI), REFUSED),
    "too large a field": (form(multipart(field(b"a", b"x" * 21)), MULTI), REFUSED),
    "too large a pair": (form(b"a=" + b"x" * 20, URL), REFUSED),
    "too large a body": (form(multipart(file(b"f", b"x", b"y" * 2_000)), MULTI), None),
    "a large file": (form(multipart(file(b"f", b"x", b"y" * 1_000)), MULTI), None),
    "no boundary": (form(WHOLE, b"multipart/form-data"), REFUSED),
    "no name": (form(multipart((b"A: b", b"")), MULTI), REFUSED),
    "no multipart": (form(b"a=1", MULTI), REFUSED),
    "torn in a field": (form(WHOLE[:-12], MULTI), TORN),
    "torn before anything": (form(b"", MULTI), TORN),
}


@pytest.mark.parametrize("scene", SCENES)
def test_a_form_is_what_starlette_makes_of_it(scene):
    """Messages, notes and exceptions are equal, or differ as declared: in the words, in the status, in the value."""
    exchange, declared = SCENES[scene]
    theirs, ours = (play(forms, kit, exchange) for kit in (STARLETTE, RAWASGI))
    assert (theirs.raised, ours.raised) == ("", "")
    if declared is None:
        assert changes(theirs, ours) == []
        return
    statuses = theirs.sent[0]["status"], ours.sent[0]["status"]
    assert statuses == {REFUSED: (400, 400), TORN: (200, 400), UTF_8: (200, 200)}[declared]
    assert theirs.sent[1]["body"] != ours.sent[1]["body"]
