"""The scripts behind the pictures draw, from little."""

import json
from xml.etree import ElementTree

import pytest


def test_learning_shows_both_rules_from_the_same_start(load_script, monkeypatch):
    learning = load_script("picture_learning")
    monkeypatch.setattr(learning, "_UPDATES", 2)
    root = ElementTree.fromstring(learning.drawn())
    svg = "{http://www.w3.org/2000/svg}"
    panels = root.findall(f"{svg}g")
    assert [panel.find(f"{svg}text").text.split(":")[0] for panel in panels] == [
        "hard EM",
        "soft EM, 10 samples",
    ]
    starts = [
        [move.get("values").split(";")[0] for move in panel.iter(f"{svg}animate")]
        for panel in panels
    ]
    assert starts[0] == starts[1]


@pytest.mark.parametrize("kind", ["vq", "fsq", "vae"])
def test_a_kind_cuts_the_plane(load_script, monkeypatch, kind):
    kinds = load_script("picture_kinds")
    monkeypatch.setattr(kinds, "_UPDATES", 2)
    picture = kinds.drawn(kind)
    assert picture.size == (330, 330)
    assert len(picture.getcolors()) > 10


def test_bits_are_drawn_by_set(load_script, tmp_path):
    rows = [
        {"hparams": name, "updates": step, "bits_per_dim": 6 - step / 100}
        for name in ("a", "b")
        for step in (100, 200)
    ]
    path = tmp_path / "bits.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (axes,) = load_script("picture_images").bits_drawn(path).axes
    assert [line.get_label() for line in axes.lines] == ["a", "b"]
    assert list(axes.lines[0].get_ydata()) == [5.0, 4.0]
