"""Answers that look right -> what the checker has to say about each, in tests/notebooks/, out."""
