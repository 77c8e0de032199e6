"""Fetches compressed pictures from cameras and files, and fetches again by itself when they are lost.

In: the address of a stream.
Out: runs of packets, each ended with its cause.
Knows: domain.
"""
