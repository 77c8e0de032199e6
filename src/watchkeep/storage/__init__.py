"""What was seen, kept: the catalog's rows and the sealed files.

In: fragments, rows, keys.
Out: segments, bytes that passed their tag, answers to queries.
Knows: domain.
"""
