"""A scenario in -> timed windows of every contender, out."""
