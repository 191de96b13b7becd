"""Static files: addresses with a mark of the content, scripts whose imports carry it too, and all of it packed once.

A script imports others by relative addresses. Sent as written, each of them would be asked for anew at every visit, and
only after the script that names it had come: a line with 400 ms there and back waits for one after the other. So the
imports are given their marks as a file is sent, which lets a browser keep them for a year, and ``modules`` tells a page
all that a script reaches, for the browser to fetch together. The mark of a script is of everything it reaches, so a
change far down gives new addresses all the way up.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from posixpath import dirname, join, normpath

from flask import Flask, Response, current_app, request, url_for
from markupsafe import Markup
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

from trainer.web.packing import takes_gzip

SPRITE = "vendor/icons.svg"
PACKED = (".css", ".js", ".json", ".svg", ".txt", ".md")
# Seconds for which a file is taken to be as it was. One page names some fifty icons of the same sprite.
TRUSTED_SECONDS = 1.0
IMPORT = re.compile(r'^(import [^"]*")(\.{1,2}/[^"]+)(";)', re.MULTILINE)
SYMBOL = re.compile(r'<symbol id="([^"]+)".*?</symbol>')


@dataclass(frozen=True)
class Asset:
    """A static file as it is sent: its mark, its text, the same packed, and the scripts that it reaches, nearest first.

    ``packed`` is None where packing gains nothing.
    """

    name: str
    mark: str
    content: bytes
    packed: bytes | None
    reaches: tuple[str, ...]


class Assets:
    """The static files of a folder by name, read when first asked for and again when a file has changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._raw: dict[str, tuple[int, bytes, tuple[str, ...]]] = {}
        self._made: dict[str, tuple[float, Asset]] = {}

    def find(self, name: str) -> Asset:
        """Return the file. Raises ``NotFound`` for what is none of the folder."""
        kept = self._made.get(name)
        now = time.monotonic()
        if kept is not None and now - kept[0] < TRUSTED_SECONDS:
            return kept[1]
        reaches = self._reach(name)
        mark = self._mark((name, *reaches))
        asset = kept[1] if kept is not None and kept[1].mark == mark else self._make(name, mark, reaches)
        self._made[name] = (now, asset)
        return asset

    def _mark(self, names: tuple[str, ...]) -> str:
        digest = hashlib.sha256()
        for one in names:
            digest.update(self._read(one)[1])
        return digest.hexdigest()[:10]

    def _reach(self, name: str) -> tuple[str, ...]:
        found = [name]
        for one in found:
            found.extend(imported for imported in self._read(one)[2] if imported not in found)
        return tuple(found[1:])

    def _read(self, name: str) -> tuple[int, bytes, tuple[str, ...]]:
        """Return the stamp and the bytes of a file as it lies there, and the names of what it imports."""
        # A file goes by one name: under "./" and the like each way of writing it would be kept in memory anew.
        path = safe_join(str(self._folder), name) if name == normpath(name) else None
        if path is None or "\0" in name or not Path(path).is_file():
            raise NotFound
        stamp = Path(path).stat().st_mtime_ns
        kept = self._raw.get(name)
        if kept is not None and kept[0] == stamp:
            return kept
        content = Path(path).read_bytes()
        imported: tuple[str, ...] = ()
        if name.startswith("js/"):
            found = IMPORT.finditer(content.decode())
            imported = tuple(dict.fromkeys(_beside(name, one.group(2)) for one in found))
        self._raw[name] = (stamp, content, imported)
        return self._raw[name]

    def _make(self, name: str, mark: str, reaches: tuple[str, ...]) -> Asset:
        def marked(found: re.Match[str]) -> str:
            imported = _beside(name, found[2])
            return f"{found[1]}{found[2]}?v={self._mark((imported, *self._reach(imported)))}{found[3]}"

        content = self._read(name)[1]
        if reaches:
            content = IMPORT.sub(marked, content.decode()).encode()
        packed = gzip.compress(content, mtime=0) if name.endswith(PACKED) else None
        return Asset(name, mark, content, packed if packed and len(packed) < len(content) else None, reaches)


def _beside(name: str, relative: str) -> str:
    return normpath(join(dirname(name), relative))


def _assets() -> Assets:
    found: Assets = current_app.extensions["assets"]
    return found


def asset(name: str) -> str:
    """Return the address of a static file with the mark of its content, so that it may be kept for a year."""
    return url_for("static", filename=name, v=_assets().find(name).mark)


def modules(name: str) -> list[str]:
    """Return the addresses of all scripts that a script reaches, nearest first, for ``modulepreload``."""
    return [asset(one) for one in _assets().find(name).reaches]


def symbols(names: Iterable[str]) -> Markup:
    """Return these icons of the sprite as ``<symbol id="icon-NAME">``, to stand in the page itself, sorted by name.

    Raises ``KeyError`` for an icon that it does not have.
    """
    found = {one.group(1): one.group(0) for one in SYMBOL.finditer(_assets().find(SPRITE).content.decode())}
    # The page has ids of its own, "settings" for one.
    wanted = [found[name].replace('id="', 'id="icon-', 1) for name in sorted(set(names))]
    return Markup("".join(wanted))  # noqa: S704  # from a file of ours


def send(name: str) -> Response:
    """Return a static file as an answer; kept for a year under the address that names what it holds now."""
    found = _assets().find(name)
    packed = found.packed is not None and takes_gzip()
    answer = Response(
        found.packed if packed else found.content,
        mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream",
    )
    answer.set_etag(f"{found.mark}-gzip" if packed else found.mark)
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    if found.packed is not None:
        answer.headers["Vary"] = "Accept-Encoding"
    # An address of before an update must not bind what the file holds now to the old mark.
    kept = request.args.get("v") == found.mark
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if kept else "no-cache"
    answer.make_conditional(request)
    return answer


def init_app(app: Flask) -> None:
    """Wire what templates call."""
    app.extensions["assets"] = Assets(Path(app.static_folder or ""))
    app.jinja_env.globals.update(asset=asset, modules=modules, symbols=symbols)
