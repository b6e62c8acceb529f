"""The built web console: files found at start, compressed forms preferred, one page for all routes."""

import mimetypes
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from zhiyan.api.failures import not_found
from zhiyan.errors import DataError, Problem

NONCE = "__CSP_NONCE__"
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the console with its compressed forms by encoding."""

    file: Path
    media_type: str
    encoded: dict[str, Path]

    def answer(self, accepted: str) -> Response:
        """Return the file in the best form that the client accepts."""
        offers = {part.partition(";")[0].strip() for part in accepted.split(",")}
        headers = {"cache-control": _FOREVER, "vary": "accept-encoding"}
        for name, file in self.encoded.items():
            if name in offers:
                headers["content-encoding"] = name
                return FileResponse(file, media_type=self.media_type, headers=headers)
        return FileResponse(self.file, media_type=self.media_type, headers=headers)


def assets(root: Path) -> dict[str, Asset]:
    """Return the files below a folder by their path; only these can ever be served."""
    found: dict[str, Asset] = {}
    for file in sorted(root.rglob("*")):
        if not file.is_file() or file.suffix in {".br", ".gz"} or file.name == "index.html":
            continue
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        forms = {
            name: form
            for name, suffix in _ENCODINGS
            if (form := file.with_name(file.name + suffix)).is_file()
        }
        found[file.relative_to(root).as_posix()] = Asset(file, kind, forms)
    return found


def mount(app: FastAPI, root: Path) -> None:
    """Serve the console at ``/``; raises DataError ``ZY605`` if it has not been built."""
    index = root / "index.html"
    if not index.is_file():
        raise DataError(
            Problem(
                code="ZY605",
                message="the web console has not been built",
                where=str(index),
                hint="run: npm ci && npm run build, in the folder ui",
            )
        )
    page = index.read_text(encoding="utf-8")
    known = assets(root)

    @app.get("/{path:path}", include_in_schema=False)
    def console(path: str, request: Request) -> Response:
        asset = known.get(path)
        if asset is not None:
            return asset.answer(request.headers.get("accept-encoding", ""))
        if path.startswith(("api/", "assets/")):
            raise not_found("page", f"/{path}")
        return HTMLResponse(page.replace(NONCE, request.scope["nonce"]))
