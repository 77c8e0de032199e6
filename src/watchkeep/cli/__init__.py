"""The command line: arguments in, one call, words or JSON out.

In: arguments, environment variables, a terminal.
Out: text for people, JSON for programs, exit codes.
Knows: every room, through runtime and application.
"""
