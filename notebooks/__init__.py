"""Chapters as text in src/ -> notebooks with outputs, built and checked, out.

Reading order: kit/ (what a chapter calls) > exercises, solutions > build, clean > __main__.
"""
