"""A camera made of files: an RTSP server that plays clips without end, for demonstrations and tests.

In: video files with H.264 or H.265, sound with AAC or G.711, a script of faults.
Out: RTSP over TCP, as a real camera sends it, from hundreds of names of one file; faults on request.
Knows: domain.
"""
