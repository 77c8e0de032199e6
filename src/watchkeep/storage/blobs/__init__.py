"""Named bytes on a volume, whatever the volume is: a folder on a disk, a bucket, memory.

In: names, chunks of bytes.
Out: files to read from, sizes, room.
Knows: storage.media, domain.
"""
