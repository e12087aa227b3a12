"""What is taken out of an executed notebook, and what is refused."""

from collections import Counter

import pytest
from nbformat import from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from notebooks.clean import Unstable, clean, identity, merged, refuse


def printed(text):
    return [new_output("stream", name="stdout", text=text)]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<object at 0x7f3a2c51>", "an address, '0x7f3a2c51'"),
        ('File "' + "/ho" + 'me/me/app.py", line 3', "an absolute path, '/ho" + "me/me'"),
        ("/tmp/rawasgi-x", "an absolute path, '/tmp/rawasgi-x'"),
        ("/usr/lib", "an absolute path, '/usr/lib'"),
        ("listening on 127.0.0.1:40123", "a port, '127.0.0.1:40123'"),
        ("('127.0.0.1', 40123)", 'a port, "127.0.0.1\', 40123"'),
        ("pid 7", "a process id, 'pid 7'"),
        ("PID=4711", "a process id, 'PID=4711'"),
        ("process 812 ended", "a process id, 'process 812'"),
        ("it is 40123", "a process id, '40123'"),
    ],
)
def test_what_no_second_run_would_print_is_refused(text, what):
    """An address, an absolute path, a chosen port and a process id are named with the cell they stand in."""
    with pytest.raises(Unstable) as refused:
        refuse(printed(text), "01, cell 3", process=40123)
    assert str(refused.value) == f"01, cell 3: the output holds {what}. Print something that stays the same."


@pytest.mark.parametrize(
    "text",
    [
        "GET /order",
        "/talk",
        "0x",
        "200 1006 50000",
        "processes: 3",
        "https://example.org/usr/lib",
        "../usr/lib",
        "/users/7",
    ],
)
def test_what_stays_the_same_is_kept(text):
    """Paths of a request, links and numbers are no faults; a short number may be a process id by chance."""
    refuse(printed(text), "01, cell 3", process=1006)


def test_every_form_of_an_output_is_looked_at():
    """The HTML of a result and a line of a traceback count as a stream does."""
    html = [new_output("execute_result", data={"text/html": "<b>0x7f3a2c51</b>"})]
    trace = [new_output("error", ename="E", evalue="", traceback=["fine", "at 0x7f3a2c51"])]
    for outputs in (html, trace):
        with pytest.raises(Unstable):
            refuse(outputs, "01, cell 3", process=None)


def test_pieces_of_one_stream_become_one():
    """Neighbours of one name are joined; another stream, or another output, is a border."""
    outputs = [
        *printed("a"),
        *printed("b"),
        new_output("stream", name="stderr", text="c"),
        *printed("d"),
        new_output("display_data", data={}),
        *printed("e"),
    ]
    assert [(o.get("name"), o.get("text")) for o in merged(outputs)] == [
        ("stdout", "ab"),
        ("stderr", "c"),
        ("stdout", "d"),
        (None, None),
        ("stdout", "e"),
    ]


def test_an_id_is_made_of_the_text():
    """A cell keeps its id wherever it stands; of equal cells the second is numbered."""
    seen: Counter[str] = Counter()
    first, other, again = identity("x", seen), identity("y", seen), identity("x", seen)
    assert (identity("x", Counter()), again) == (first, f"{first}-2")
    assert other != first


def test_a_notebook_loses_what_a_run_has_left():
    """Execution times and the version of Python go, the rest stays."""
    cell = new_code_cell("1", metadata={"execution": {"start": "now"}, "tags": ["t"]}, outputs=[])
    notebook = new_notebook(
        cells=[new_markdown_cell("# x"), cell],
        metadata={"jupytext": {}, "language_info": from_dict({"name": "python", "version": "3.11.7"})},
    )
    cleaned = clean(notebook, "01")
    assert cleaned.metadata == {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert cleaned.cells[1].metadata == {"tags": ["t"]}
    assert [cell.id for cell in cleaned.cells] == [identity("# x", Counter()), identity("1", Counter())]
