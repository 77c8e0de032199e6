"""Keys: who may open what, and how it is forgotten.

In: a provider (the machine's key file or a passphrase).
Out: shred keys, sealed small secrets, ciphers for the records of a segment.
Knows: domain.
"""
