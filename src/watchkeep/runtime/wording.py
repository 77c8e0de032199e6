"""Turns a wrong word into a cure: the closest right one, or the right ones."""

import difflib
from collections.abc import Iterable


def closest(word: str, known: Iterable[str], example: str = "") -> str:
    """The end of a sentence: "did you mean web?", or the known words, or an example if there are too many."""
    words = sorted(known)
    lowered = {each.lower(): each for each in words}
    near = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    if near:
        return f"did you mean {lowered[near[0]]}?"
    if example:
        return f"write for example {example}"
    return f"known are {', '.join(words)}"
