"""Makes a node of the rooms: configuration, wiring, processes, telemetry.

In: watchkeep.yaml, the data folder, signals.
Out: running processes.
Knows: every room below; alone reads the configuration.
"""
