"""Check a built site: every link leads somewhere, and no page loads anything from elsewhere.

    python docs/_ext/check_site.py out/docs

Dead links to pages, files and anchors of the site fail, and so does whatever a browser would fetch
from another host when it opens a page. Links that a reader may follow to other sites are listed,
not tried: they depend on the network and on others.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# what a browser fetches by itself; `link` does so too but for the relations in _NOT_LOADED
_LOADING = {"src", "srcset", "data", "poster"}
_NOT_LOADED = {"canonical", "next", "prev", "index", "search", "author", "license"}
_CSS_ADDRESS = re.compile(r"url\(\s*[\"']?([^\"')]+)|@import\s+[\"']([^\"']+)")


@dataclass
class Page:
    """What one HTML page names: `ids` of its elements, `links` to follow, `loads` to fetch."""

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._in_style = tag == "style"
        self.page.ids.update(given[name] for name in ("id", "name") if name in given)
        self.page.loads += [given[name] for name in _LOADING if name in given]
        self.page.loads += _addresses(given.get("style", ""))
        if tag == "a" and "href" in given:
            self.page.links.append(given["href"])
        if tag == "link" and not _NOT_LOADED & set(given.get("rel", "").split()):
            self.page.loads.append(given.get("href", ""))

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.page.loads += _addresses(data)


def _addresses(css: str) -> list[str]:
    return [first or second for first, second in _CSS_ADDRESS.findall(css)]


def read_page(path: Path) -> Page:
    """Read what a page names."""
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader.page


def check(site: Path) -> tuple[list[str], list[str]]:
    """Return what is wrong with a site, a line each, and the other sites that it links to."""
    pages = {path.resolve(): read_page(path) for path in sorted(site.rglob("*.html"))}
    faults, elsewhere = [], set()
    for path, page in pages.items():
        for address in page.loads:
            faults += _wrong(address, path, pages, site, loaded=True)
        for address in page.links:
            if urlsplit(address).scheme in ("http", "https"):
                elsewhere.add(address)
            else:
                faults += _wrong(address, path, pages, site, loaded=False)
    for path in sorted(site.rglob("*.css")):
        for address in _addresses(path.read_text(encoding="utf-8")):
            faults += _wrong(address, path.resolve(), pages, site, loaded=True)
    return faults, sorted(elsewhere)


def _wrong(
    address: str, page: Path, pages: dict[Path, Page], site: Path, *, loaded: bool
) -> list[str]:
    """Return why an address on a page is wrong, if it is."""
    parts = urlsplit(address)
    if parts.scheme in ("data", "mailto"):
        return []
    where = page.relative_to(site.resolve())
    if loaded and (parts.scheme or parts.netloc):
        return [f"{where}: loads {address} from elsewhere"]
    target = page if not parts.path else (page.parent / unquote(parts.path)).resolve()
    if not target.is_file():
        return [f"{where}: {address} leads nowhere"]
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].ids:
        return [f"{where}: {address}: no such place on that page"]
    return []


def main() -> None:
    """Print what is wrong; exit status 1 if anything is."""
    faults, elsewhere = check(Path(sys.argv[1]))
    print(f"{len(elsewhere)} links to other sites, not tried:", *elsewhere, sep="\n  ")
    if faults:
        raise SystemExit("\n".join(faults))


if __name__ == "__main__":
    main()
