#!/usr/bin/env python3
"""Bring the pinned front-end packages into ``static/vendor`` and build the icon sprite.

What only the tests use goes into ``tests/vendor``.

Run it by hand after a change of a pin below or of ``bin/vendor_icons.txt``; the product never
runs it. It uses the ordinary ``npm`` client as it is configured, checks each package against
the integrity pinned here, copies minified files only (Tabler's style sheet without ``COSTLY``)
and writes ``static/vendor/README.md``.
A second run with the same pins changes nothing. Raises ``SystemExit`` with a sentence on a
package whose content differs from its pin, or an icon that the package does not have.
"""

import base64
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENDOR = HERE.parent / "static" / "vendor"
TEST_VENDOR = HERE.parent / "tests" / "vendor"
ICON_LIST = HERE / "vendor_icons.txt"


@dataclass(frozen=True)
class Package:
    """One pinned package. ``files`` maps a path in the package to a name in ``folder``."""

    name: str
    version: str
    integrity: str
    licence: str
    files: dict[str, str]
    why: str
    folder: Path = VENDOR


PACKAGES = (
    Package(
        "@tabler/core",
        "1.6.1",
        "sha512-lgmR9gcxRp5JlLxcmRi9Rz85JrEvH6Bz71KnlcPVSa97wtwQNjgSs3g3fxwbAlulHyRMghhIV04QUuW3pqDsIg==",
        "MIT",
        {"dist/css/tabler.min.css": "tabler.min.css"},
        "grid, forms, buttons, tables; contains Bootstrap 5 (MIT). Its JavaScript is not used",
    ),
    Package(
        "@tabler/icons",
        "3.51.0",
        "sha512-0pinvPZz7YeX+OSfxuEAbnEPWbocVXW5iU8h5lh41pYG8sZuQfpWECC980lxOT0clGIcNGn8xsBr+zKaRGdA/g==",
        "MIT",
        {"LICENSE": "licences/tabler-icons.txt"},
        "outline icons, only those of bin/vendor_icons.txt, joined in icons.svg",
    ),
    Package(
        "echarts",
        "6.1.0",
        "sha512-q0yaFPggC9FUdsWH4blavRWFmxdrIodbkoKNAjJudAI6CA9gNPxHtV2RcZNEepZVlk4yvBYkOkbk6HIVpIyHZA==",
        "Apache-2.0",
        {
            "dist/echarts.min.js": "echarts.min.js",
            "LICENSE": "licences/echarts.txt",
            "NOTICE": "licences/echarts-notice.txt",
        },
        "charts; loaded only where one is drawn. Contains zrender and parts of d3 (BSD-3-Clause)",
    ),
    Package(
        "axe-core",
        "4.14.1",
        "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
        "MPL-2.0",
        {
            "axe.min.js": "axe.min.js",
            "LICENSE": "licences/axe-core.txt",
            "LICENSE-3RD-PARTY.txt": "licences/axe-core-third-party.txt",
        },
        "checks of accessibility in the browser tests; never served",
        TEST_VENDOR,
    ),
)

# The package carries no licence file; this is the text that its own header and metadata name.
TABLER_LICENCE = """MIT License

Copyright 2018-2026 The Tabler Authors
Copyright 2018-2026 codecalm.net Paweł Kuna
Bootstrap, contained in the style sheet: Copyright 2011-2026 The Bootstrap Authors

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT
OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def download(package: Package, folder: Path) -> Path:
    """Return the unpacked package below ``folder``. Raises ``SystemExit`` on another content."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", "--json", f"{package.name}@{package.version}"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    archive = folder / json.loads(packed.stdout)[0]["filename"].replace("@", "").replace("/", "-")
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != package.integrity:
        sys.exit(f"{package.name} {package.version} differs from its pin: sha512-{digest}")
    target = folder / archive.stem
    with tarfile.open(archive) as tar:
        tar.extractall(target, filter="data")
    return target / "package"


def read_icon_names() -> list[str]:
    """Return the names of the list, sorted, each once."""
    lines = (line.strip() for line in ICON_LIST.read_text(encoding="utf-8").splitlines())
    return sorted({line for line in lines if line and not line.startswith("#")})


def build_sprite(icons: Path) -> str:
    """Return one SVG with a ``<symbol>`` for each icon of the list, in the order of names."""
    symbols = []
    for name in read_icon_names():
        # "-filled" names live in a folder of their own in the package.
        filled = name.endswith("-filled")
        folder = "filled" if filled else "outline"
        source = icons / folder / f"{name.removesuffix('-filled')}.svg"
        if not source.is_file():
            sys.exit(f"{ICON_LIST.name}: no icon is called {name}")
        body = re.search(r"<svg[^>]*>(.*)</svg>", source.read_text(encoding="utf-8"), re.S)[1]
        body = re.sub(r"\s*\n\s*", "", body)
        # The package draws an invisible square under every icon; a sprite has no use for it.
        body = body.replace('<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "")
        paint = ' fill="currentColor" stroke="none"' if filled else ""
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24"{paint}>{body}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


# Rules for a frame that our pages do not have (``.page`` around a folding navbar). A browser must ask them anew for the
# whole page whenever any class in it changes: 50 ms on a board of 1,000 people, less than 1 ms without them.
COSTLY = re.compile(rb"(?<=[}])[^{}]*\.page:has\([^{}]*\{[^{}]*\}")


def without_costly_rules(css: bytes) -> bytes:
    """Return a style sheet without ``COSTLY``; a second call changes nothing."""
    return COSTLY.sub(b"", css)


def write_readme(folder: Path) -> None:
    """Write the list of the packages in ``folder`` and the SHA-256 of each file beside it."""
    lines = [
        "# Packages in this folder",
        "",
        "Written by `bin/vendor.py`; change its pins or `bin/vendor_icons.txt`, not the files.",
        "",
        "| package | version | licence | what for |",
        "|---|---|---|---|",
        *(f"| {p.name} | {p.version} | {p.licence} | {p.why} |" for p in PACKAGES if p.folder == folder),
        "",
        "| file | SHA-256 |",
        "|---|---|",
    ]
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "README.md":
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            lines.append(f"| {path.relative_to(folder).as_posix()} | `{digest}` |")
    (folder / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Fetch every package, copy its files, build the sprite and write the list."""
    for folder in (VENDOR, TEST_VENDOR):
        (folder / "licences").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as packed:
        for package in PACKAGES:
            unpacked = download(package, Path(packed))
            for source, name in package.files.items():
                content = (unpacked / source).read_bytes()
                if name == "tabler.min.css":
                    content = without_costly_rules(content)
                (package.folder / name).write_bytes(content)
            if package.name == "@tabler/icons":
                sprite = build_sprite(unpacked / "icons")
                (VENDOR / "icons.svg").write_text(sprite, encoding="utf-8")
    (VENDOR / "licences" / "tabler-core.txt").write_text(TABLER_LICENCE, encoding="utf-8")
    for folder in (VENDOR, TEST_VENDOR):
        write_readme(folder)


if __name__ == "__main__":
    main()
