"""Draws times: a panel for each row, a bar for each competitor, on a logarithmic scale."""

import math
from html import escape

COLUMNS = 2
BAR, GAP, TITLES, BARS, LABEL, MARGIN = 14, 4, 150, 220, 70, 16
STYLE = "text{font:12px sans-serif;fill:#222}.row{font-weight:bold}.title{text-anchor:end}"


def duration(nanoseconds):
    """With three digits that matter: 86.6 ns, 1.23 µs, 480 ms."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            break
    else:
        unit, size = "ns", 1
    value = nanoseconds / size
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {unit}"


def colour(title):
    if "floor" in title:
        return "#b5b5b5"
    return "#d1495b" if title.startswith("waPC C++") else "#5b7db1"


def panel(row, times, left, top):
    """Bars begin at half the least time: a logarithmic scale has no nought."""
    least, most = min(times.values()) / 2, max(times.values())
    scale = BARS / math.log(most / least)
    yield f'<text class="row" x="{left}" y="{top}">{escape(row)}</text>'
    for line, (title, time) in enumerate(times.items()):
        y = top + 8 + line * (BAR + GAP)
        start, width = left + TITLES, math.log(time / least) * scale
        yield f'<text class="title" x="{start - 6}" y="{y + 11}">{escape(title)}</text>'
        yield (f'<rect x="{start}" y="{y}" width="{width:.1f}" height="{BAR}" '
               f'fill="{colour(title)}"/>')
        yield f'<text x="{start + width + 5:.1f}" y="{y + 11}">{duration(time)}</text>'


def draw(results, rows):
    """SVG of these rows of `results`, {title: {row: nanoseconds}}."""
    width, height = TITLES + BARS + LABEL + MARGIN, len(results) * (BAR + GAP) + 44
    rows = {row: {title: times[row] for title, times in results.items() if row in times}
            for row in rows}
    shapes = []
    for number, (row, times) in enumerate((row, times) for row, times in rows.items() if times):
        left = MARGIN + number % COLUMNS * width
        top = MARGIN + 12 + number // COLUMNS * height
        shapes.extend(panel(row, times, left, top))
    size = (COLUMNS * width + MARGIN, math.ceil(len(rows) / COLUMNS) * height + MARGIN + 8)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}" '
        f'viewBox="0 0 {size[0]} {size[1]}">',
        f"<style>{STYLE}</style>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        *shapes,
        f'<text x="{MARGIN}" y="{size[1] - MARGIN}">Best times of one run; logarithmic scales.</text>',
        "</svg>",
        ""])
