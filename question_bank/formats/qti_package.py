"""A package of QTI: a zip with a manifest, opened with nothing of it trusted.

Names that would leave the package, links, encryption, too many files, and files that unpack to far more than they
weigh are refused before anything is unpacked; what a file claims to be long is all that is read of it.
"""

from __future__ import annotations

import io
import posixpath
import stat
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from question_bank.fields import MAX_BYTES
from question_bank.formats.files import Shelf
from question_bank.formats.report import Unreadable

ZIP_MAGIC = b"PK\x03\x04"
MOST_FILES = 5_000
MOST_UNPACKED = 500 * 1024 * 1024
LARGEST_XML = 20 * 1024 * 1024
# Text packs to a twentieth; what packs to less than a two-hundredth is made for harm, unless it is small.
MOST_RATIO = 200
SMALL = 1024 * 1024
MANIFEST = "imsmanifest.xml"


class Package:
    """The files of a package by their paths. A package of one is made of a single XML file."""

    def __init__(self, archive: zipfile.ZipFile | None, single: tuple[str, bytes] | None = None) -> None:
        self._archive = archive
        self._only = single
        self._infos = {info.filename: info for info in archive.infolist() if not info.is_dir()} if archive else {}

    @property
    def single(self) -> bool:
        """Whether it is not a package but one file."""
        return self._only is not None

    @property
    def names(self) -> list[str]:
        """Return the paths of the files, in the order of the package."""
        return list(self._infos) if self._only is None else [self._only[0]]

    def manifest(self) -> str | None:
        """Return the path of the manifest, the one nearest to the top; None without one."""
        found = [name for name in self._infos if name.rpartition("/")[2].lower() == MANIFEST]
        return min(found, key=lambda name: (name.count("/"), name), default=None)

    def read(self, name: str, longest: int = LARGEST_XML) -> bytes | None:
        """Return a file, None where it is not there, longer than ``longest`` bytes or damaged."""
        if self._only is not None:
            return self._only[1] if name == self._only[0] else None
        info = self._infos.get(name)
        if info is None or self._archive is None or info.file_size > longest:
            return None
        try:
            with self._archive.open(info) as stream:
                content = stream.read(info.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
            return None
        return content if len(content) == info.file_size else None

    def find(self, base: str, reference: str) -> str | None:
        """Return the path that a reference in a file of the folder ``base`` means; None where nothing is there."""
        bare = reference.split("#")[0].split("?")[0]
        for told in (bare, unquote(bare)):
            path = posixpath.normpath(posixpath.join(base, told.replace("\\", "/").lstrip("/")))
            if not path.startswith("../") and path in self._infos:
                return path
        return None

    def find_end(self, reference: str) -> str | None:
        """Return the only path that ends as a reference does; None where there are none or several."""
        bare = unquote(reference.split("#")[0].split("?")[0]).replace("\\", "/").lstrip("./")
        ends = [path for path in self._infos if bare and f"/{path}".endswith(f"/{bare}")]
        return ends[0] if len(ends) == 1 else None


@dataclass(frozen=True, slots=True)
class PackageShelf(Shelf):
    """The media of a package as one of its files refers to them, from the folder it lies in."""

    package: Package = field(default_factory=lambda: Package(None))
    base: str = ""
    # Where systems keep what their questions show, beside the place that a reference names.
    folders: tuple[str, ...] = ()

    def get(self, source: str) -> bytes | None:
        for base in (self.base, "", *self.folders):
            path = self.package.find(base, source)
            if path is not None:
                return self.package.read(path, MAX_BYTES)
        return None

    def likely(self, source: str) -> bytes | None:
        path = self.package.find_end(source)
        return None if path is None else self.package.read(path, MAX_BYTES)


def opened(content: bytes, file_name: str) -> Package:
    """Return the package of a zip, or of one XML file. Raises ``Unreadable`` for a zip that is refused."""
    if not content.startswith(ZIP_MAGIC):
        return Package(None, (file_name or "item.xml", content))
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        _check(archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("zip_damaged", reason=str(error)[:200]) from error
    return Package(archive)


def _check(infos: Iterable[zipfile.ZipInfo]) -> None:
    rows = list(infos)
    if len(rows) > MOST_FILES:
        raise Unreadable("zip_too_many_files", count=len(rows), most=MOST_FILES)
    unpacked = sum(info.file_size for info in rows)
    if unpacked > MOST_UNPACKED:
        raise Unreadable("zip_unpacks_too_large", size=unpacked, most=MOST_UNPACKED)
    for info in rows:
        parts = info.filename.replace("\\", "/").split("/")
        if ".." in parts or parts[0] == "" or ":" in parts[0] or "\0" in info.orig_filename:
            raise Unreadable("zip_unsafe_path", name=info.filename[:200])
        if stat.S_ISLNK(info.external_attr >> 16):
            raise Unreadable("zip_has_links", name=info.filename[:200])
        if info.flag_bits & 0x1:
            raise Unreadable("zip_encrypted", name=info.filename[:200])
        if info.file_size > SMALL and info.file_size > MOST_RATIO * max(info.compress_size, 1):
            raise Unreadable("zip_unpacks_too_large", name=info.filename[:200], size=info.file_size)
