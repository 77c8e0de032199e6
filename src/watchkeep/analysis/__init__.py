"""Tells what happens before a camera: rules applied to tracks.

In: tracks after each look, and the camera's rules.
Out: events as they begin, change and end.
Knows: domain only; no pictures, no database, no clock.
"""
