"""A client for cameras that speak RTSP over one TCP connection; nothing in it waits.

In: bytes of a camera's socket, once a tick.
Out: access units and audio on the camera's clock, with what was lost counted.
Knows: domain, and the sources' own assembler.
"""
