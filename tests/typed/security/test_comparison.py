"""Whether two secrets are the same."""

from unittest.mock import patch

import pytest

from rawasgi.typed.security.comparison import is_same_secret


@pytest.mark.parametrize(
    ("shown", "known", "same"),
    [
        ("s3cret", "s3cret", True),
        (b"s3cret", "s3cret", True),
        ("é", "é".encode(), True),
        ("\ud800", "\ud800", True),
        ("s3cret", "s3creT", False),
        ("s3cret ", "s3cret", False),
        ("", "s3cret", False),
        (None, "s3cret", False),
        ("\ud800", "?", False),
        ("a" * 100_000, "a", False),
    ],
)
def test_text_and_bytes_are_compared(shown, known, same):
    """In UTF-8, whatever the letters; nothing shown is never the same."""
    assert is_same_secret(shown, known) is same


@pytest.mark.parametrize("known", ["", b""])
def test_an_empty_secret_is_none(known):
    """A variable that nobody has set would let in whoever shows nothing."""
    with pytest.raises(ValueError, match=r"^the known secret is empty: "):
        is_same_secret("", known)


def test_the_comparison_does_not_know_how_long_a_secret_is():
    """What is compared has one length for all, and goes through the comparison that does not stop early."""
    seen = []
    with patch("hmac.compare_digest", lambda *pair: seen.append(pair)):
        for shown in ("", "s", "s3cret", "s3cret" * 1000):
            is_same_secret(shown, "s3cret")
    assert [(len(shown), len(known)) for shown, known in seen] == [(32, 32)] * 4
