"""The built page: read once at the start, served from memory, so that no path from outside meets the disk."""

import hashlib
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException

from watchkeep.application.house import House
from watchkeep.domain.fs import Fs, read_whole
from watchkeep.presentation.http.authentication import DoorRoute, public

NOT_BUILT = (
    "The page is not built; run `npm ci && npm run build` in the folder web (or `pip install .`), "
    "then start Watchkeep again.\n"
)
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".webmanifest": "application/manifest+json"}


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of the page, whole."""

    content: bytes
    media_type: str
    tag: str


def load(house: House) -> Mapping[str, PageFile]:
    """All files of the built page by their path; empty when it is not built."""
    if house.webui is None:
        return {}
    return dict(_files(house.fs, house.webui, ""))


def _files(fs: Fs, folder: Path, prefix: str) -> Iterator[tuple[str, PageFile]]:
    for entry in fs.entries(folder):
        name = prefix + entry.name
        if entry.is_directory:
            yield from _files(fs, folder / entry.name, name + "/")
            continue
        content = read_whole(fs, folder / entry.name)
        suffix = Path(entry.name).suffix
        guess = _TYPES.get(suffix) or mimetypes.guess_type(entry.name)[0] or "application/octet-stream"
        yield name, PageFile(content, guess, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


@public
def page(request: Request, path: str = "") -> Response:
    """A file of the page; any other address is one of the page's own, which begins at index.html."""
    if path == "api" or path.startswith("api/"):
        raise HTTPException(404)
    files: Mapping[str, PageFile] = request.app.state.page
    file = files.get(path) or (None if "." in path.rsplit("/", 1)[-1] else files.get("index.html"))
    if file is None:
        if files:
            raise HTTPException(404)
        return PlainTextResponse(NOT_BUILT, 503 if path == "" else 404)
    # Built files under assets/ carry a digest in their name; all others are asked for again.
    cache = "public, max-age=31536000, immutable" if path.startswith("assets/") else "no-cache"
    headers = {"ETag": file.tag, "Cache-Control": cache}
    if request.headers.get("if-none-match") == file.tag:
        return Response(None, 304, headers)
    return Response(file.content, 200, headers, file.media_type)


def page_route() -> DoorRoute:
    """The one route of the page; added last, because it matches everything."""
    return DoorRoute("/{path:path}", page, methods=["GET", "HEAD"], include_in_schema=False)
