"""Contradictions: two examples that answer the same question and cannot both be right, side by side."""

from functools import partial

from curation import queries
from ui import (
    act,
    contradictions,
    contradictions_pair,
    contradictions_sides,
    desk,
    evidence,
    example,
    neighbours,
    panels,
    shell,
    tokens,
)

shell.begin()
SCOPE = contradictions.SCOPE


def clash(place: desk.Place, who: str) -> None:
    """One clash: what is said of it, what can be done, and the rows."""
    view = place.view
    shown = act.show(view.id, scope=SCOPE)
    own, current = evidence.still_there(workspace, view.finding)
    related = view.finding.related[:1]
    sides = (own, *(queries.example(workspace, one) for one in related))
    desk.navigation(place, SCOPE, shown, unit="contradictions")
    contradictions.statement(workspace, view, current=current)
    edited = next((s for s in sides if example.opened(SCOPE, f"{view.id}:{s.example.id}")), None)
    if edited is not None:
        looked = contradictions.seen(workspace, shown)
        late = partial(contradictions.overtaken, shown)
        example.editor(workspace, edited, shown, who, scope=SCOPE, found=view, seen=looked, overtaken=late)
    elif contradictions.asked_why(view.id) and place.other is None:
        contradictions.why(workspace, place, shown, who, pair=bool(related))
    else:
        contradictions.decisions(workspace, place, shown, who, sides)
    desk.key_help(contradictions.KEYS)
    if not related:
        contradictions_pair.draw_single(view, own)
    else:
        counted = contradictions_sides.of(workspace, view)
        if counted is not None:
            contradictions_sides.draw(workspace, place, shown, who, counted, stale=overview.stale)
        contradictions_pair.draw(view, *sides)
    for one in sides:
        example.history(workspace, one.example.id)
        tokens.of_example(workspace, one.example, example.place_of(one), name=example.place_of(one))


panels.title("Contradictions", "Answers to the same question that cannot both be right; the clashing words are marked.")
workspace = shell.workspace()
who = shell.who()
overview = queries.overview(workspace)
if panels.checks(workspace, overview):
    neighbours.after_saving(workspace, SCOPE)
    place = desk.current(workspace, contradictions.queue(workspace, overview), SCOPE)
    if place is None:
        contradictions.finished(workspace, who)
    else:
        clash(place, who)
    contradictions.stale(workspace, overview)
