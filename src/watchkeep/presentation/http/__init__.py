"""The HTTP interface: routes, bodies, live video, errors as statuses, the built page.

In: HTTP requests and WebSocket connections.
Out: JSON, RFC 9457 problems, HLS playlists, video bytes.
Knows: application, domain.
"""
