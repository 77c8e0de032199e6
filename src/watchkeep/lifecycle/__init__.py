"""Looks after what is stored: what goes when, and whether files and catalog still say the same.

In: segments (rows and files), retention, holds, free space.
Out: deletions with their reason, findings by name.
Knows: storage, domain.
"""
