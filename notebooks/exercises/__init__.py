"""An app of the reader's -> the first thing that is wrong with it, in words, out."""
