"""The site builds without a warning, its links lead somewhere, and it loads nothing foreign."""

import subprocess
import sys
from pathlib import Path

import pytest

import sdk
from docs._ext.check_site import check

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    built = tmp_path_factory.mktemp("site") / "html"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    command += ["-d", str(built.parent / "doctrees"), str(ROOT / "docs"), str(built)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return built


def test_every_link_and_anchor_leads_somewhere_and_nothing_is_loaded_from_elsewhere(site):
    faults, _ = check(site)
    assert faults == []


def test_every_public_name_and_every_slug_is_in_the_reference(site):
    reference = (site / "reference" / "sdk.html").read_text(encoding="utf-8")
    errors = (site / "reference" / "errors.html").read_text(encoding="utf-8")
    for name in sdk.__all__:
        assert f'id="sdk.{name}"' in reference + errors, name
    for slug in sdk.errors.SLUGS:
        assert f">{slug}<" in errors, slug


def test_every_page_can_be_searched_without_a_network(site):
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        assert f'"{page.relative_to(ROOT / "docs").with_suffix("")}"' in index


@pytest.fixture
def small(tmp_path) -> Path:
    (tmp_path / "other.html").write_text('<h2 id="here">Other</h2>')
    (tmp_path / "picture.png").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<a href="none.html">', "none.html leads nowhere"),
        ('<a href="other.html#there">', "other.html#there: no such place"),
        ('<a href="#there">', "#there: no such place"),
        ('<img src="none.png">', "none.png leads nowhere"),
        ('<script src="https://cdn.example/x.js">', "loads https://cdn.example/x.js"),
        ('<link rel="stylesheet" href="//cdn.example/x.css">', "loads //cdn.example/x.css"),
        ('<link rel="preconnect" href="https://fonts.example">', "loads https://fonts.example"),
        ("<style>@import 'https://fonts.example/a'</style>", "loads https://fonts.example/a"),
        ('<p style="background: url(http://a.example/b)">', "loads http://a.example/b"),
    ],
)
def test_a_dead_link_and_a_foreign_load_are_found(small, html, fault):
    (small / "page.html").write_text(html)
    (found,) = check(small)[0]
    assert fault in found


def test_a_foreign_font_in_a_style_sheet_is_found(small):
    (small / "site.css").write_text('@font-face {src: url("https://fonts.example/f.woff2")}')
    (found,) = check(small)[0]
    assert "loads https://fonts.example/f.woff2" in found


def test_links_that_lead_somewhere_pass_and_other_sites_are_listed(small):
    (small / "page.html").write_text(
        '<p id="top"><a href="other.html#here"><a href="#top"><img src="picture.png">'
        '<img src="data:image/png;base64,AA"><a href="https://example.org/b">'
    )
    assert check(small) == ([], ["https://example.org/b"])
