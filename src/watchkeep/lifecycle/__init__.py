"""Looks after what is stored: what goes when, whether it can still be read, how a loss is made good.

In: segments (rows and files), retention, holds, free space.
Out: deletions with their reason, findings by name, rows rebuilt from files, damage in the ledger.
Knows: storage, domain.
"""
