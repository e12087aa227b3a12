"""What the findings share: the words of an error."""

from rawasgi.instruments.xraying.findings.words import causes


def test_the_causes_of_an_error_are_told_once_each():
    """Outermost first, the members of a group where it stands; a ring comes to its end."""
    inner, outer, other = ValueError("inner"), KeyError("outer"), OSError("other")
    group = ExceptionGroup("of two", [inner, other])
    outer.__cause__ = group
    group.__context__ = outer
    inner.__context__ = group
    assert [*causes(outer)] == [outer, group, inner, other]
    assert [*causes(None)] == []
