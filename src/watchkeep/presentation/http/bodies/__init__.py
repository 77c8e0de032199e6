"""What travels as JSON, checked by pydantic and turned into domain words at once.

In: JSON.
Out: domain words, and back.
Knows: application, domain.
"""
