"""Documents of a camera on their way into the fragments of a run; none is waited for."""

from collections import deque

from watchkeep.domain.document_boxes import document_box
from watchkeep.domain.media import Document

WAITING_LIMIT_BYTES = 1 << 20
"""In half a second of pictures; a camera that says more than two megabytes a second says it in vain."""
_DOCUMENT_BYTES = 128
"""What a document takes here beside its payload, about."""


class DocumentQueue:
    """The documents of one run that are in no fragment yet.

    A document goes out with the fragment in whose decoding-time span its instant is, as far as it is here
    when that is cut, else with the next; after the last one comes nothing, so that takes all.

    Attributes:
        dropped: Documents of instants before the run, and those too many to wait.
    """

    def __init__(self) -> None:
        self._waiting: deque[Document] = deque()
        self._waiting_bytes = 0
        self._count = 0
        self.dropped = 0

    def push(self, document: Document) -> None:
        """Take the next document; the oldest goes when too much waits."""
        self._waiting.append(document)
        self._waiting_bytes += len(document.payload) + _DOCUMENT_BYTES
        while self._waiting_bytes > WAITING_LIMIT_BYTES:
            self._pop()
            self.dropped += 1

    def take(self, first_dts: int, end_dts: int | None) -> bytes:
        """The boxes of the documents up to end_dts, b"" if there are none; times count from first_dts."""
        boxes: list[bytes] = []
        while self._waiting and (end_dts is None or self._waiting[0].pts < end_dts):
            document = self._pop()
            if document.pts < first_dts:
                self.dropped += 1
                continue
            boxes.append(document_box(document, number=self._count, ticks=document.pts - first_dts))
            self._count += 1
        return b"".join(boxes)

    def _pop(self) -> Document:
        document = self._waiting.popleft()
        self._waiting_bytes -= len(document.payload) + _DOCUMENT_BYTES
        return document
