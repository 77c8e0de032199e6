"""A camera made of files: an RTSP server that plays clips without end, for demonstrations and tests.

In: video files with H.264 or H.265.
Out: RTSP over TCP, as a real camera sends it; faults on request.
Knows: domain.
"""
