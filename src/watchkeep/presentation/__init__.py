"""How the application meets people and programs.

In: requests.
Out: answers.
Knows: application, domain.
"""
