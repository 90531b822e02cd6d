"""What the site says of the code is so, and what it shows is there. `scripts/docs` builds it."""

import pathlib
import re
import sys

import pytest

from t2t_vq import registry

ROOT = pathlib.Path(__file__).parents[2]
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS / "extensions"))
PAGES = [
    *(ROOT / name for name in ("README.md", "RESULTS.md", "CONTRIBUTING.md")),
    *(path for path in DOCS.rglob("*.md") if "_build" not in path.parts),
]
PICTURES = [path for path in DOCS.rglob("pictures/**/*") if path.is_file()]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]+)?\)")


def anchors(path):
    """Returns the headings of a page as links write them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    slugs = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {slug.replace(" ", "-") for slug in slugs}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_pictures_are_there(path):
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.M)
    for target, anchor in LINK.findall(text):
        found = path.parent / target
        assert found.exists(), f"{path} links to {target}."
        if anchor:
            assert anchor[1:] in anchors(found), f"{path} links to {target}{anchor}."


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_a_picture_is_small(path):
    assert path.stat().st_size < 100_000


@pytest.mark.parametrize("kind", registry.bottlenecks.summaries())
def test_every_kind_has_its_page_and_picture(kind):
    assert f"kind-options}} {kind}\n" in (DOCS / "bottlenecks" / f"{kind}.md").read_text()
    assert (DOCS / "pictures" / "kinds" / f"{kind}.png").exists()
    assert f"]({kind}.md)" in (DOCS / "bottlenecks" / "index.md").read_text()


@pytest.mark.parametrize("kind", registry.bottlenecks.summaries())
def test_every_option_of_a_kind_is_told_of(kind):
    import kinds

    options = kinds.options_of(registry.bottlenecks[kind])
    assert options
    assert not [name for name, _, description in options if not description]


def test_options_are_reachable_by_name():
    import kinds

    assert kinds.set_option("em", "temperature") == "bottleneck.temperature="
    assert kinds.set_option("lfq", "diversity") == "bottleneck.diversity="
    assert kinds.set_option("em", "seed") is None


def test_floors_are_above_what_they_import():
    import structure

    rooms = structure.rooms()
    floors = {name: floor for floor, name, _, _ in rooms}
    assert floors["em"] < floors["bottlenecks"] < floors["models"] < floors["cli"]
    for floor, name, _, imported in rooms:
        # Rooms of one row may import each other.
        assert all(floors[other] <= floor for other in imported), name


def test_no_sign_is_markup_but_in_an_example():
    import docstrings

    lines = docstrings.rewritten(["A `x|y` | z.", "", "Example:", "    >>> call(*all)", ""])
    assert lines == ["A `x|y` \\| z.", "", "Example:", "    >>> call(*all)", ""]
