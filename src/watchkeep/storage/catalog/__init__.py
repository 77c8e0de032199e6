"""All SQL: what PostgreSQL knows of cameras, footage, gaps, people and what they did.

In: a connection string, rows of the recorder, questions.
Out: domain words; CatalogUnavailable when the database does not answer.
Knows: domain.
"""
