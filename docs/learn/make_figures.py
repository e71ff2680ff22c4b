"""Draw the figures of the chapters as SVG: python docs/learn/make_figures.py [NAME]... (none: all of them).

A figure of a chapter's numbers runs the chapter's blocks and draws what they computed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parents[1]))

from docs.learn.run_chapters import names_of  # noqa: E402
from pipeline.report.page.chart_style import FONT, INK, LINE, OWN_GROUP_STYLES  # noqa: E402

WIDTH, HEIGHT = 520, 280
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [1, 0], [6, 3], [2, 2])
Names = Mapping[str, Any]  # what a chapter defines
Point = tuple[float, float]


# --- curves -----------------------------------------------------------------------------------------------


def curves(lines: Mapping[str, Iterable[float]], x_title: str, y_title: str, *, log: bool = False) -> Any:
    """Return a chart of one line a name over 1, 2, 3 ..; told apart by colour, dash and shape."""
    import altair as alt

    values = [
        {"line": name, "x": x, "y": float(y)}
        for name, line in lines.items()
        for x, y in enumerate(line, start=1)
    ]
    last = max(value["x"] for value in values)
    names, styles = [*lines], OWN_GROUP_STYLES[: len(lines)]
    legend = alt.Legend(title=None, orient="top", symbolSize=90, symbolStrokeWidth=0, columns=4)
    colour = alt.Color("line:N", scale=alt.Scale(domain=names, range=[c for c, _ in styles]), legend=legend)
    shape = alt.Shape("line:N", scale=alt.Scale(domain=names, range=[s for _, s in styles]), legend=legend)
    dash = alt.StrokeDash(
        "line:N", scale=alt.Scale(domain=names, range=list(DASHES[: len(names)])), legend=None
    )
    y_scale = alt.Scale(type="log") if log else alt.Scale(zero=True)
    y_axis = alt.Axis(format=".0e" if log else "", tickCount=6)
    x = alt.X("x:Q", title=x_title, scale=alt.Scale(domain=[1, last], nice=False), axis=alt.Axis(grid=False))
    y = alt.Y("y:Q", title=y_title, scale=y_scale, axis=y_axis)
    base = alt.Chart(alt.Data(values=values))
    some = f"datum.x % {max(1, last // 10)} == 0 || datum.x == 1"
    return alt.layer(
        base.mark_line(strokeWidth=1.8).encode(x, y, colour, strokeDash=dash),
        base.transform_filter(some).mark_point(filled=True, size=45, opacity=1).encode(x, y, colour, shape),
    ).properties(width=WIDTH, height=HEIGHT)


def norms_by_lag(names: Names) -> Any:
    """Chapter 6: the network of chapter 5 before and after training."""
    lines = {"before training": names["fresh"], "after training": names["after"]}
    return curves(lines, "Lag: words between two states", "Norm of the Jacobians' product")


def vanishing(names: Names) -> Any:
    """Chapter 7: norms on bbc-news for several g, and g^k beside them."""
    import altair as alt

    gains = (0.5, 0.9, 1.0, 1.2, 1.5, 2.0)
    lines = {f"g = {g}": np.maximum(names["norms_with"](g), 1e-40) for g in gains}
    chart = curves(lines, "Lag k: words between two states", "Norm (log)", log=True)
    without = [{"x": k, "y": g**k, "g": f"{g}^k"} for g in gains for k in (1, 100)]
    base = alt.Chart(alt.Data(values=without))
    rule = base.mark_line(color="#9a9a9a", strokeDash=[3, 3], strokeWidth=1).encode(
        x="x:Q", y="y:Q", detail="g:N"
    )
    named = base.transform_filter("datum.x == 100").mark_text(align="left", dx=5, fontSize=11, color=INK)
    return alt.layer(rule, chart, named.encode(x="x:Q", y="y:Q", text="g:N")).properties(
        width=WIDTH, height=340
    )


def lstm(names: Names) -> Any:
    """Chapter 9: an RNN and LSTMs by the bias of the forget gate."""
    lines = {"rnn, g = 1": names["chapter"]["norms_with"](1.0)}
    lines |= {f"lstm, a = {a}": names["norms_with"](a) for a in (0, 1, 3, 5)}
    return curves(lines, "Lag: words between two states", "Norm (log)", log=True)


def two_sentences(names: Names) -> Any:
    """Chapter 2: the states and the averages of the two sentences."""
    import altair as alt

    sentences, x, values = ("dog bites man", "man bites dog"), names["x"], []
    for sentence in sentences:
        h, total = 0.0, 0.0
        for t, word in enumerate(sentence.split(), start=1):
            h, total = 0.5 * h + x[word], total + x[word]
            one = {"t": t, "sentence": sentence}
            values.append({**one, "kind": "state", "y": h, "text": word, "above": h > 0})
            values.append({**one, "kind": "average", "y": total / t, "text": "both averages", "above": False})
    colours, shapes = zip(*OWN_GROUP_STYLES[:2], strict=True)
    legend = alt.Legend(title="State after each word of", orient="top", symbolSize=90, symbolStrokeWidth=0)
    colour = alt.Color("sentence:N", scale=alt.Scale(domain=sentences, range=colours), legend=legend)
    shape = alt.Shape("sentence:N", scale=alt.Scale(domain=sentences, range=shapes), legend=legend)
    dash = alt.StrokeDash(
        "kind:N", scale=alt.Scale(domain=["state", "average"], range=[[1, 0], [4, 4]]), legend=None
    )
    at = alt.X("t:O", title="Word", axis=alt.Axis(labelAngle=0, grid=False))
    y = alt.Y("y:Q", title="State, or average of the words so far", scale=alt.Scale(domain=[-1.3, 1.3]))
    base = alt.Chart(alt.Data(values=values))
    states = base.transform_filter("datum.kind == 'state'")
    ends = base.transform_filter(
        "datum.kind == 'average' && datum.t == 3 && datum.sentence == 'dog bites man'"
    )
    word = states.encode(at, y, text="text:N")
    return alt.layer(
        base.mark_line(strokeWidth=1.8).encode(at, y, colour, strokeDash=dash),
        states.mark_point(filled=True, size=60, opacity=1).encode(at, y, colour, shape),
        ends.mark_point(filled=True, size=60, opacity=1, color=INK, shape="diamond").encode(at, y),
        ends.mark_text(dx=9, align="left", fontSize=12).encode(at, y, text="text:N"),
        word.transform_filter("datum.above").mark_text(dy=-14, fontSize=12, fontStyle="italic"),
        word.transform_filter("!datum.above").mark_text(dy=16, fontSize=12, fontStyle="italic"),
    ).properties(width=420, height=240)


def twins(names: Names) -> Any:
    """Chapter 4: the distance of two twins' states at each word."""
    import altair as alt

    pairs = zip(names["first"], names["second"], names["distance"], strict=True)
    values = [
        {"t": t, "words": a if a == b else f"{a} / {b}", "y": float(d), "nouns": a != b}
        for t, (a, b, d) in enumerate(pairs, start=1)
    ]
    base = alt.Chart(alt.Data(values=values))
    labels = "{" + ",".join(f'{v["t"]}:"{v["words"]}"' for v in values) + "}[datum.value]"
    x = alt.X("t:O", title=None, axis=alt.Axis(labelExpr=labels, labelAngle=-40, labelLimit=160, grid=False))
    y = alt.Y("y:Q", title="Distance of the two states", axis=alt.Axis(grid=False))
    bars = base.mark_bar(width=22).encode(
        x, y, color=alt.condition("datum.nouns", alt.value("#0072b2"), alt.value("#b9c4cf"))
    )
    text = base.mark_text(dy=-7, fontSize=11).encode(x, y, text=alt.Text("y:Q", format=".2f"))
    return alt.layer(bars, text).properties(width=WIDTH, height=220)


GROUPS = {
    "days": ("monday", "tuesday", "wednesday", "thursday", "friday"),
    "numbers": ("two", "three", "four", "five", "six", "seven"),
    "sport": ("match", "team", "cup", "season", "players"),
    "money": ("shares", "profits", "sales", "economy", "bank"),
    "politics": ("minister", "blair", "labour", "election", "party"),
    "film": ("film", "award", "actor", "comedy", "oscar"),
}


def word_vectors(names: Names) -> Any:
    """Chapter 1: vectors of some words on their first two principal components."""
    import altair as alt

    row = {word: n for n, word in enumerate(names["vocabulary"].tokens.to_list())}
    words = [(group, word) for group, members in GROUPS.items() for word in members]
    vectors = np.stack([names["table"][row[word]] for _, word in words])  # (n, D)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    centred = vectors - vectors.mean(axis=0)
    places = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T  # (n, 2)
    values = [
        {"group": group, "word": word, "x": float(x), "y": float(y)}
        for (group, word), (x, y) in zip(words, places, strict=True)
    ]
    styles = OWN_GROUP_STYLES[: len(GROUPS)]
    legend = alt.Legend(title=None, orient="top", symbolSize=90)
    colour = alt.Color(
        "group:N", scale=alt.Scale(domain=[*GROUPS], range=[c for c, _ in styles]), legend=legend
    )
    shape = alt.Shape(
        "group:N", scale=alt.Scale(domain=[*GROUPS], range=[s for _, s in styles]), legend=legend
    )
    size = (WIDTH, 400)
    scales = [_scale([value[axis] for value in values]) for axis in ("x", "y")]
    places_in_pixels = [
        ((v["x"] - a) / (b - a) * size[0], (d - v["y"]) / (d - c) * size[1])
        for v in values
        for (a, b), (c, d) in [scales]
    ]
    for value, shift in zip(values, _label_shifts(places_in_pixels, words), strict=True):
        value["tx"] = value["x"] + shift[0] / size[0] * (scales[0][1] - scales[0][0])
        value["ty"] = value["y"] - shift[1] / size[1] * (scales[1][1] - scales[1][0])
    axis = alt.Axis(labels=False, ticks=False, grid=False)
    x_scale, y_scale = (alt.Scale(domain=scale, nice=False) for scale in scales)
    x, y = (
        alt.X("x:Q", title="First component", axis=axis, scale=x_scale),
        alt.Y("y:Q", title="Second component", axis=axis, scale=y_scale),
    )
    text = {
        "x": alt.X("tx:Q", scale=x_scale, axis=axis, title="First component"),
        "y": alt.Y("ty:Q", scale=y_scale, axis=axis, title="Second component"),
    }
    base = alt.Chart(alt.Data(values=values))
    return alt.layer(
        base.mark_point(filled=True, size=50, opacity=1).encode(x, y, colour, shape),
        base.mark_text(fontSize=12).encode(**text, text="word:N"),
    ).properties(width=size[0], height=size[1])


def _scale(numbers: Sequence[float]) -> tuple[float, float]:
    """Return a range with room for labels at both ends."""
    room = 0.1 * (max(numbers) - min(numbers))
    return min(numbers) - room, max(numbers) + room


def _label_shifts(points: Sequence[Point], words: Sequence[tuple[str, str]]) -> list[Point]:
    """Return where each word's label stands from its point, in pixels: the place that covers least of the others."""
    taken = [(x - 6, x + 6, y - 6, y + 6) for x, y in points]
    shifts = []
    for (x, y), (_, word) in zip(points, words, strict=True):
        wide = 6.4 * len(word)
        options = [
            (8 + wide / 2, 0),
            (-8 - wide / 2, 0),
            (0, -13),
            (0, 13),
            (6 + wide / 2, -9),
            (6 + wide / 2, 9),
        ]
        boxes = [(x + a - wide / 2, x + a + wide / 2, y + b - 7, y + b + 7) for a, b in options]
        best = min(range(len(options)), key=lambda n: sum(_common(boxes[n], other) for other in taken))
        taken.append(boxes[best])
        shifts.append(options[best])
    return shifts


def _common(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Return the area that two boxes (left, right, top, bottom) have in common."""
    wide, high = min(a[1], b[1]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[2], b[2])
    return max(wide, 0.0) * max(high, 0.0)


# --- diagrams ---------------------------------------------------------------------------------------------


def diagram(
    boxes: Sequence[tuple[Point, str, str]],
    arrows: Sequence[tuple[Point, Point, str]],
    notes: Sequence[tuple[Point, str]],
    size: Point,
) -> Any:
    """Return boxes (centre, text, fill), arrows (from, to, colour) and notes (centre, text) on a plane.

    One unit of the plane is one pixel; y grows upwards.
    """
    import altair as alt

    x_scale, y_scale = alt.Scale(domain=[0, size[0]], nice=False), alt.Scale(domain=[0, size[1]], nice=False)
    x, y = alt.X("x:Q", axis=None, scale=x_scale), alt.Y("y:Q", axis=None, scale=y_scale)
    layers = [
        alt.Chart(alt.Data(values=[{"x": p[0], "y": p[1], "text": text}])).encode(x, y)
        .mark_point(shape="square", size=1150, filled=True, fill=fill, stroke=INK, strokeWidth=1, opacity=1)
        for p, text, fill in boxes
    ]  # fmt: skip
    for (x1, y1), (x2, y2), colour in arrows:
        ends = [{"x": x1, "y": y1, "x2": x2, "y2": y2}]
        line = alt.Chart(alt.Data(values=ends)).mark_rule(color=colour, strokeWidth=1.6)
        layers.append(line.encode(x, y, x2="x2:Q", y2="y2:Q"))
        turned = float(np.degrees(np.arctan2(x2 - x1, y2 - y1))) % 360
        head = alt.Chart(alt.Data(values=[{"x": x2, "y": y2}])).encode(x, y)
        layers.append(
            head.mark_point(shape="triangle", size=70, filled=True, color=colour, angle=turned, opacity=1)
        )
    texts = [(p, text) for p, text, _ in boxes] + list(notes)
    written = [{"x": p[0], "y": p[1], "text": text} for p, text in texts]
    layers.append(
        alt.Chart(alt.Data(values=written)).mark_text(fontSize=13, lineBreak="\n").encode(x, y, text="text:N")
    )
    return alt.layer(*layers).properties(width=size[0], height=size[1])


FILLS = {"x": "#ffffff", "h": "#d9e6f2", "y": "#f2e2d0"}
RISE, STEP, GAP = 62, 52, 21  # from row to row, from step to step, from a box's centre to an arrow's end
SHAPES = (  # steps, where x goes in, where y comes out
    ("one to one", 1, (0,), (0,)),
    ("one to many", 3, (0,), (0, 1, 2)),
    ("many to one", 3, (0, 1, 2), (2,)),
    ("many to many", 3, (0, 1, 2), (0, 1, 2)),
    ("read, then write", 4, (0, 1), (2, 3)),
)


def four_shapes(_: Names) -> Any:
    """Chapter 3: where the input goes in, and which states are read."""
    boxes: list[tuple[Point, str, str]] = []
    arrows: list[tuple[Point, Point, str]] = []
    notes: list[tuple[Point, str]] = []
    left = 0.0
    for title, steps, reads, gives in SHAPES:
        width = max(steps * STEP, 90)
        first = left + width / 2 - (steps - 1) * STEP / 2
        for t in range(steps):
            at = first + t * STEP
            boxes.append(((at, 40 + RISE), "h", FILLS["h"]))
            if t:
                arrows.append(((at - STEP + GAP - 3, 40 + RISE), (at - GAP, 40 + RISE), INK))
            if t in reads:
                boxes.append(((at, 40), "x", FILLS["x"]))
                arrows.append(((at, 40 + GAP - 3), (at, 40 + RISE - GAP), INK))
            if t in gives:
                boxes.append(((at, 40 + 2 * RISE), "y", FILLS["y"]))
                arrows.append(((at, 40 + RISE + GAP - 3), (at, 40 + 2 * RISE - GAP), INK))
        notes.append(((left + width / 2, 8), title))
        left += width + 24
    return diagram(boxes, arrows, notes, (left - 24, 40 + 2 * RISE + 24))


def unrolled(_: Names) -> Any:
    """Chapter 5: the pencil example forward and back, with what each use of w adds."""
    states, back, adds = (0, 1, 0.5, -0.75), (None, -0.1875, -0.375, -0.75), (None, 0, -0.375, -0.375)
    words, step, low = ("", "dog", "bites", "man"), 140, 110
    blue, orange = "#0072b2", "#d55e00"
    boxes: list[tuple[Point, str, str]] = []
    arrows: list[tuple[Point, Point, str]] = []
    notes: list[tuple[Point, str]] = [((40, low - 32), "start")]
    for t, h in enumerate(states):
        at = 40.0 + t * step
        boxes.append(((at, low), str(h), FILLS["h"]))
        if not t:
            continue
        boxes.append(((at, low - 70), str((0, 1, 0, -1)[t]), FILLS["x"]))
        notes.append(((at, low - 97), f"x = {words[t]}"))
        arrows.append(((at, low - 70 + 18), (at, low - GAP), INK))
        arrows.append(((at - step + 19, low), (at - GAP, low), blue))
        notes.append(((at - step / 2, low - 13), "times w"))
        notes.append(((at, low + 30), f"d = {back[t]}"))
        arrows.append(((at - 40, low + 55), (at - step + 40, low + 55), orange))
        notes.append(((at - step / 2, low + 69), f"adds {adds[t]}"))
    last = 40.0 + 3 * step
    boxes.append(((last + 100, low), "L", FILLS["y"]))
    arrows.append(((last + 19, low), (last + 100 - GAP, low), blue))
    arrows.append(((last + 80, low + 55), (last + 20, low + 55), orange))
    notes += [((last + 50, low - 13), "forward"), ((last + 50, low + 69), "back")]
    return diagram(boxes, arrows, notes, (last + 140, low + 85))


# --- all of them ------------------------------------------------------------------------------------------

FIGURES: dict[
    str, tuple[str, Callable[[Names], Any]]
] = {  # name: its chapter ("" where none is run), what draws it
    "word-vectors": ("01", word_vectors),
    "two-sentences": ("", lambda _: two_sentences({"x": {"dog": 1.0, "bites": 0.0, "man": -1.0}})),
    "four-shapes": ("", four_shapes),
    "twins": ("04", twins),
    "unrolled": ("", unrolled),
    "norms-by-lag": ("06", norms_by_lag),
    "vanishing": ("07", vanishing),
    "lstm": ("09", lstm),
}


def draw(name: str) -> str:
    """Return the figure as SVG text on a white ground."""
    import altair as alt
    import vl_convert

    chapter, figure = FIGURES[name]
    text = {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    }
    chart = (
        figure(names_of(chapter) if chapter else {})
        .configure(background="white", font=FONT, padding=8)
        .configure_view(stroke=None)
        .configure_axis(**text, gridColor=LINE, domainColor=LINE, tickColor=LINE)
        .configure_legend(labelColor=INK, labelFontSize=12)
        .configure_text(color=INK)
    )
    version = "_".join(alt.SCHEMA_VERSION.split(".")[:2])
    return str(vl_convert.vegalite_to_svg(chart.to_dict(), vl_version=version))


def main() -> None:
    """Write the figures asked for into docs/learn/figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(FIGURES)}; none: all")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in FIGURES]
    if unknown:
        parser.error(f"there is no figure {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    for name in given.names or FIGURES:
        path = HERE / "figures" / f"{name}.svg"
        path.write_text(draw(name) + "\n", encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
