"""The RTSP interface: each stream again, for other programs, so that none of them opens the camera.

In: RTSP requests over TCP, with or without TLS.
Out: session descriptions, interleaved RTP and RTCP.
Knows: application, domain.
"""
