"""Watchkeep: the video-surveillance recorder that keeps what it saw."""

__version__ = "0.1.0"
