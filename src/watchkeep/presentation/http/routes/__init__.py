"""One file per resource; every route declares what it asks and of which kind of object.

In: checked bodies and path words.
Out: bodies, by one call into the application.
Knows: application, domain, the bodies beside it.
"""
