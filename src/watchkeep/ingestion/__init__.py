"""Makes fragments of packets and says where segments begin; never decodes, never waits.

In: packets of one stream, in decoding order.
Out: fragments on our clock, init sections, and what readers get of them live.
Knows: domain.
"""
