"""The vocabulary: frozen types and pure decisions, shared by every room.

In: nothing.
Out: words (Camera, Packet, Fragment, Segment, Gap …) and decisions (account, judge, decide).
Knows: the standard library.
"""
