#!/usr/bin/env python3
"""Draws BLEU against milliseconds a sentence, of what `benchmark_translation.py --runs` measured.

    python scripts/plot_translation.py translation_speed.jsonl --output=translation_speed.svg

Each point is a model in an engine with a search, at its best number of threads; of several
comparisons in the file, the last is drawn. The line joins those that no other beats in both.
"""

import argparse
import pathlib

from experiments import read_rows
from matplotlib import figure, ticker
from translation_rows import ENGINES, shown
from translation_tables import best, p50

_MARKERS = dict(zip(ENGINES, "oXsDv^P<>", strict=True))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", help="file of lines of JSON")
    parser.add_argument("--output", default="translation_speed.svg", help="picture, .svg or .png")
    arguments = parser.parse_args()
    points = points_of(read_rows(pathlib.Path(arguments.results)))
    if not points:
        parser.error(
            f"{arguments.results} has no scores. Measure some with benchmark_translation.py --runs."
        )
    drawn(points).savefig(arguments.output, dpi=200, bbox_inches="tight")


def points_of(lines):
    """Returns `(ms, BLEU, model, engine, beam size)` of each row of the last comparison."""
    scores = [line for line in lines if line["kind"] == "score"]
    points = []
    for score in scores:
        if score["date"] == scores[-1]["date"]:
            row = {name: score[name] for name in ("model", "engine", "beam_size", "date")}
            alone = best(lines, **row, kind="time", sentences=1)
            points.append((p50(alone), score["bleu"], *list(row.values())[:3]))
    return points


def front(points):
    """Returns the points that no other is both faster and better than, the fastest first."""
    found = []
    for point in sorted(points, key=lambda each: (each[0], -each[1])):
        if not found or point[1] > found[-1][1]:
            found.append(point)
    return found


def drawn(points):
    """Returns the figure."""
    picture = figure.Figure(figsize=(7, 4.5))
    axes = picture.subplots()
    models = list(dict.fromkeys(point[2] for point in points))
    milliseconds, scores = zip(*(point[:2] for point in front(points)), strict=True)
    axes.plot(milliseconds, scores, color="0.7", zorder=1)
    for ms, bleu, model, engine, beam_size in points:
        color = f"C{models.index(model)}"
        # Beams are hollow.
        face = color if beam_size == 1 else "white"
        axes.scatter(
            ms, bleu, s=50, marker=_MARKERS[engine], edgecolors=color, facecolors=face, zorder=2
        )
    # For the legend: what colours and shapes mean.
    for number, model in enumerate(models):
        axes.scatter([], [], marker="o", color=f"C{number}", label=model)
    for engine in dict.fromkeys(point[3] for point in points):
        axes.scatter([], [], marker=_MARKERS[engine], color="0.4", label=shown(engine))
    if any(point[4] > 1 for point in points):
        axes.scatter([], [], marker="o", edgecolors="0.4", facecolors="white", label="beam 4")
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 3, 5, 7)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    axes.set_xlabel("milliseconds for one sentence alone, median (logarithmic)")
    axes.set_ylabel("BLEU")
    axes.grid(color="0.93")
    axes.set_axisbelow(True)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return picture


if __name__ == "__main__":
    main()
