"""Files that Watchkeep fetches once and checks always: demonstration footage, later models.

In: the manifest, an operator's directory, publishers' addresses, wheels, Debian packages.
Out: files in the cache, each with the digest that the manifest names.
Knows: domain, runtime.config.
"""
