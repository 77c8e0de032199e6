"""The sealed segment file: written, read, checked, recovered, and kept in its place on a volume.

In: fragments, shred keys.
Out: bytes that passed their tag, summaries for the catalog.
Knows: storage.encryption, domain.
"""
