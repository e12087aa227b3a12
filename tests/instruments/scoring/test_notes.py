"""What the app notes in its process is read in another: whatever it is, whenever it comes."""

import enum
import os
import threading

from rawasgi.instruments.scoring.notes import Note, Notes, Pen, header, plain, script_in


class Code(enum.IntEnum):
    GONE = 1006


def both(path, request):
    """Who reads, and who writes."""
    notes, pen = Notes(path), Pen(str(path))
    request.addfinalizer(notes.close)
    request.addfinalizer(lambda: os.close(pen.file))
    return notes, pen


def test_notes_are_read_as_they_come(tmp_path, request):
    """By call and kind, with the names of an exception; half a line is no note yet."""
    notes, pen = both(tmp_path / "notes", request)
    pen.note("1", "received", {"type": "x", "code": Code.GONE, "b": b"\xff", "é": (1.5, None, True)})
    pen.note("2", "sent", "gone", ConnectionResetError("gone"))
    with (tmp_path / "notes").open("ab") as file:
        file.write(b"('1', 'en")
    (first,) = notes.of("1")
    assert first == Note("1", "received", first.at, {"type": "x", "code": 1006, "b": b"\xff", "é": [1.5, None, True]})
    (second,) = notes.of("2", "sent")
    assert second.error == ("ConnectionResetError", "ConnectionError", "OSError", "Exception")
    assert first.at <= second.at
    assert (notes.of("2", "received"), notes.calls()) == ([], ["1", "2"])
    with (tmp_path / "notes").open("ab") as file:
        file.write(b"ded', 1.0, None, ())\n")
    assert notes.of("1", "ended") == [Note("1", "ended", 1.0, None)]


def test_a_note_is_waited_for(tmp_path, request):
    """Until there are as many as are wanted, or the time is over."""
    notes, pen = both(tmp_path / "notes", request)
    threading.Timer(0.02, pen.note, ["1", "ended", None]).start()
    assert len(notes.wait("1", "ended", 1, 10.0)) == 1
    assert len(notes.wait("1", "ended", 2, 0.02)) == 1


def test_what_is_no_literal_or_long_is_noted_all_the_same():
    """By its type, or by its beginning."""
    assert plain({"a": object(), "b": b"x" * 5000, 7: [set()]}) == {"a": "<object>", "b": b"x" * 2000, 7: ["<set>"]}


def test_a_script_travels_in_a_header():
    """Bytes, str, floats and None arrive as what they are; other requests have none."""
    steps = ["receive", {"type": "é", "body": b"\0\xff", "more": None}, 0.5, ("drip", {}, 2)]
    name, value = header("7", steps)
    assert script_in([(b"host", b"x"), (name.encode(), value.encode("ascii"))]) == ("7", steps)
    assert script_in([(b"host", b"x")]) == ("", [])
