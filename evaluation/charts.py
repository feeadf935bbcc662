"""Small charts as inline SVG: they scale, print, follow the page's light or dark colours, and need no script.

Colours come from CSS classes of the report's template; all text that is not made here is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

from evaluation.estimate import Estimate

WIDTH = 720
POINTS_MAX = 400

Point = tuple[float, float]


def line_chart(series: Sequence[tuple[str, str, Sequence[Point]]], *, x_label: str, y_label: str) -> Markup:
    """Curves over one axis.

    Args:
        series: For each curve its name, its CSS class, and its points (x, y) in ascending x. More than 400 points are
            drawn as means of neighbours, and the label says so.
        x_label, y_label: What the axes show, with units.

    Returns:
        An SVG; an empty string where no curve has two finite points.
    """
    height, left, bottom, top = 260, 52, 36, 14
    notes = ""
    drawn: list[tuple[str, str, list[Point]]] = []
    for name, css, points in series:
        finite = [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
        if len(finite) > POINTS_MAX:
            size = math.ceil(len(finite) / POINTS_MAX)
            notes = f" (each point is the mean of {size} steps)"
            finite = [_mean_point(finite[k : k + size]) for k in range(0, len(finite), size)]
        if len(finite) > 1 or (finite and drawn):
            drawn.append((name, css, finite))
    if not drawn:
        return Markup("")
    xs = [x for _, _, points in drawn for x, _ in points]
    ys = [y for _, _, points in drawn for _, y in points]
    y_ticks = nice_ticks(min(0.0, *ys), max(ys))
    x_ticks = nice_ticks(min(xs), max(xs), whole=True)
    x0, x1 = min(xs), max(xs) if max(xs) > min(xs) else min(xs) + 1
    y0, y1 = min(y_ticks[0], *ys), max(y_ticks[-1], *ys)

    def px(x: float) -> float:
        return left + (x - x0) / (x1 - x0) * (WIDTH - left - 14)

    def py(y: float) -> float:
        return top + (y1 - y) / (y1 - y0) * (height - top - bottom)

    parts = [_open(height, f"{y_label} over {x_label}")]
    for tick in y_ticks:
        parts.append(f'<line class="grid" x1="{left}" x2="{WIDTH - 14}" y1="{py(tick):.1f}" y2="{py(tick):.1f}"/>')
        parts.append(f'<text class="tick end" x="{left - 8}" y="{py(tick) + 4:.1f}">{tick:g}</text>')
    for tick in x_ticks:
        if x0 <= tick <= x1:
            parts.append(f'<text class="tick mid" x="{px(tick):.1f}" y="{height - bottom + 18}">{tick:g}</text>')
    for name, css, points in drawn:
        path = " ".join(f"{px(x):.1f},{py(y):.1f}" for x, y in points)
        title = f"<title>{escape(name)}</title>"
        parts.append(f'<polyline class="curve {escape(css)}" points="{path}">{title}</polyline>')
        if len(points) <= 30:
            parts += [f'<circle class="dot {escape(css)}" cx="{px(x):.1f}" cy="{py(y):.1f}" r="3"/>' for x, y in points]
    parts.append(
        f'<text class="axis mid" x="{(left + WIDTH) / 2:.0f}" y="{height - 2}">{escape(x_label + notes)}</text>'
    )
    parts.append(f'<text class="axis" x="{left}" y="{top - 3}">{escape(y_label)}</text></svg>')
    return Markup("".join(parts))


def _mean_point(points: Sequence[Point]) -> Point:
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)


def interval_chart(rows: Sequence[tuple[str, str, Estimate]], *, low: float, high: float, mark: float | None) -> Markup:
    """Estimates as dots with their intervals on one scale.

    Args:
        rows: For each its label, CSS class and estimate; a missing value is written, not drawn.
        low, high: The scale's ends; wider intervals are drawn to the edge with an arrow.
        mark: Where a vertical line stands for "no difference"; None = no line.
    """
    step, left, right, top = 34, 190, 160, 8
    height = top + step * len(rows) + 26

    def px(x: float) -> float:
        return left + (min(max(x, low), high) - low) / (high - low) * (WIDTH - left - right)

    parts = [_open(height, "Estimates with 95 % intervals")]
    for tick in nice_ticks(low, high, n=5):
        if low <= tick <= high:
            parts.append(f'<line class="grid" x1="{px(tick):.1f}" x2="{px(tick):.1f}" y1="{top}" y2="{height - 22}"/>')
            parts.append(f'<text class="tick mid" x="{px(tick):.1f}" y="{height - 6}">{tick:g}</text>')
    if mark is not None and low <= mark <= high:
        parts.append(f'<line class="mark" x1="{px(mark):.1f}" x2="{px(mark):.1f}" y1="{top}" y2="{height - 22}"/>')
    for number, (label, css, estimate) in enumerate(rows):
        y = top + step * number + step / 2
        parts.append(f'<text class="label end" x="{left - 12}" y="{y + 4:.1f}">{escape(label)}</text>')
        if estimate.value is None:
            parts.append(f'<text class="tick" x="{left + 6}" y="{y + 4:.1f}">{escape(estimate.reason)}</text>')
            continue
        if estimate.low is not None and estimate.high is not None:
            a, b = px(estimate.low), px(estimate.high)
            parts.append(f'<line class="whisker {escape(css)}" x1="{a:.1f}" x2="{b:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts += [
                f'<text class="tick {anchor}" x="{x:.1f}" y="{y + 4:.1f}">{arrow}</text>'
                for outside, x, anchor, arrow in (
                    (estimate.low < low, left - 2, "end", "◂"),
                    (estimate.high > high, WIDTH - right + 2, "", "▸"),
                )
                if outside
            ]
        parts.append(f'<circle class="dot {escape(css)}" cx="{px(estimate.value):.1f}" cy="{y:.1f}" r="5"/>')
        parts.append(f'<text class="value" x="{WIDTH - right + 16}" y="{y + 4:.1f}">{escape(short(estimate))}</text>')
    return Markup("".join([*parts, "</svg>"]))


def share_bar(parts: Sequence[tuple[str, str, int]]) -> Markup:
    """Counts that add up to a whole, as one bar.

    Args:
        parts: For each its label, CSS class and count, from left to right.
    """
    total = sum(count for _, _, count in parts)
    if total == 0:
        return Markup("")
    drawn = [_open(46, "Shares of all votes")]
    x = 0.0
    for label, css, count in parts:
        width = WIDTH * count / total
        if count:
            title = f"<title>{escape(label)}: {count} of {total}</title>"
            drawn.append(
                f'<rect class="fill {escape(css)}" x="{x:.1f}" y="2" width="{width:.1f}" height="24">{title}</rect>'
            )
            if width > 70:
                text = f"{escape(label)} {count}"
                drawn.append(f'<text class="tick mid" x="{x + width / 2:.1f}" y="42">{text}</text>')
        x += width
    return Markup("".join([*drawn, "</svg>"]))


def change_chart(changes: Sequence[float]) -> Markup:
    """One bar an answer, sorted: how much likelier (down) or unlikelier (up) it became, in nats a token."""
    if not changes:
        return Markup("")
    values = sorted(changes)
    height, left, top = 170, 52, 14
    reach = max(abs(values[0]), abs(values[-1]), 1e-9)
    low, high = min(0.0, values[0]), max(0.0, values[-1])
    span = max(high - low, reach * 1e-3)
    width = (WIDTH - left - 14) / len(values)

    def py(y: float) -> float:
        return top + (high - y) / span * (height - top - 24)

    parts = [_open(height, "Change of each answer's NLL, in nats a token")]
    for tick in nice_ticks(low, high, n=3):
        parts.append(f'<line class="grid" x1="{left}" x2="{WIDTH - 14}" y1="{py(tick):.1f}" y2="{py(tick):.1f}"/>')
        parts.append(f'<text class="tick end" x="{left - 8}" y="{py(tick) + 4:.1f}">{tick:g}</text>')
    for place, value in enumerate(values):
        upper, size = py(max(value, 0.0)), abs(py(value) - py(0.0))
        css = "good" if value < 0 else "bad"
        gap = min(1.0, width * 0.2)
        parts.append(
            f'<rect class="fill {css}" x="{left + place * width:.2f}" y="{upper:.1f}" '
            f'width="{max(width - gap, 0.3):.2f}" height="{max(size, 0.5):.1f}"/>'
        )
    parts.append(
        f'<text class="axis" x="{left}" y="{height - 4}">hold-out answers, the most improved first</text></svg>'
    )
    return Markup("".join(parts))


def _open(height: float, title: str) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg">'
    )


def nice_ticks(low: float, high: float, *, n: int = 5, whole: bool = False) -> list[float]:
    """About ``n`` round numbers from at or above ``low`` to at or above ``high``, steps of 1, 2 or 5 × 10^k."""
    span = max(high - low, 1e-9)
    raw = span / max(1, n)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= raw * 0.999)
    if whole:
        step = max(1.0, round(step))
    first = math.ceil(low / step - 1e-9)
    last = math.ceil(high / step - 1e-9)
    return [round(k * step, 10) + 0.0 for k in range(first, last + 1)]


def short(estimate: Estimate) -> str:
    """An estimate in a few characters: ``0.62 [0.54, 0.69]``."""
    if estimate.value is None:
        return "—"
    text = number(estimate.value)
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} [{number(estimate.low)}, {number(estimate.high)}]"


def number(value: float) -> str:
    """A number with three significant digits where it is small, and none too many where it is large."""
    size = abs(value)
    if size == 0 or not math.isfinite(size):
        text = f"{size:g}"
    elif size >= 100:
        text = f"{size:,.0f}"
    else:
        text = f"{size:.1f}" if size >= 10 else f"{size:.2f}" if size >= 0.1 else f"{size:.3f}"
    return f"−{text}" if value < 0 else text
