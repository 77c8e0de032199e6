"""One function per thing a person or a program may ask; each decides access and writes the audit.

In: an Asking (who, from where) and domain words.
Out: domain words, streams of sealed footage opened, audit entries.
Knows: domain, lifecycle, storage; sources (addresses, files) and ingestion (fragments of adopted files).
"""
