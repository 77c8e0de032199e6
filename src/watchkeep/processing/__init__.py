"""Decodes, scales, gates, detects and tracks: from fragments to looks and tracks.

In: Init and Fragment as the recorder offers them, weights.
Out: Look, TrackView.
Knows: domain.
"""
