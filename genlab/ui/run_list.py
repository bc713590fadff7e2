"""The list of runs on the Checkpoints page: searched, sorted, filtered, and a card for each."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import streamlit as st

from genlab.errors import GenLabError
from genlab.jobs.desk import Visitor
from genlab.runs.folder import Run
from genlab.ui.checkpoints import Facts, facts
from genlab.ui.checkpoints_view import (
    SORTS,
    WHOSE,
    CheckpointsState,
    CheckpointsView,
    key_of,
    open_run,
    toggle_compared,
    turn_to,
)
from genlab.ui.hostile import literal
from genlab.ui.portraits import show_small

PER_PAGE = 6
FILTERS = ("family", "data", "tag", "whose")
ORDERS: dict[str, Callable[[tuple[str, Facts]], tuple]] = {
    "newest": lambda item: (-item[1].changed, item[0]),
    "name": lambda item: (item[0],),
    "loss": lambda item: (item[1].rank is None, item[1].rank or (), item[0]),
    "size": lambda item: (missing_last(item[1].parameters), item[0]),
}


def missing_last(figure: float | None) -> float:
    return float("inf") if figure is None else figure


def run_list(runs: dict[str, Run], state: CheckpointsState, visitor: Visitor) -> None:
    """One card for each run that is looked for; the chosen one has the strong button."""
    known = {name: facts(run) for name, run in runs.items()}
    search_row(known, state)
    names = found(known, state.view, visitor)
    if len(names) < len(runs):
        of = f"{len(names)} of {len(runs)} runs"
        st.caption(of if names else f"{of}: nothing has all of this; take a filter away.")
    pages = max(1, -(-len(names) // PER_PAGE))
    page = min(state.view.page, pages)
    if state.reveal and state.view.run in names:
        page = 1 + names.index(state.view.run) // PER_PAGE
    state.view, state.reveal = replace(state.view, page=page), False
    for name in names[(page - 1) * PER_PAGE :][:PER_PAGE]:
        card(runs[name], known[name], state.view, visitor)
    if pages > 1:
        pager(page, pages)


def pager(page: int, pages: int) -> None:
    before, where, after = st.columns([3, 2, 3], vertical_alignment="center")
    for column, label, to in ((before, "Back", page - 1), (after, "Next", page + 1)):
        column.button(
            label,
            key=f"checkpoints.pager.{label.lower()}",
            width="stretch",
            disabled=not 1 <= to <= pages,
            on_click=turn_to,
            args=(to,),
        )
    where.markdown(f"{page} of {pages}", text_alignment="center")


def search_row(known: dict[str, Facts], state: CheckpointsState) -> None:
    st.text_input(
        "Search",
        key=key_of("q"),
        placeholder="Search name, data, tag",
        label_visibility="collapsed",
        max_chars=80,
        icon=":material/search:",
        on_change=turn_to,
        args=(1,),
    )
    chosen = sum(getattr(state.view, name) != "all" for name in FILTERS)
    filters = f" · {chosen} filter{'s' * (chosen > 1)}" if chosen else ""
    with st.popover(
        SORTS[state.view.sort] + filters,
        icon=":material/tune:",
        width="stretch",
        key="checkpoints.filters",
    ):
        st.selectbox("Order", SORTS, format_func=SORTS.get, key=key_of("sort"))
        choice("Family", "family", {f.family_name: f.family for f in known.values()})
        choice("Data", "data", {f.dataset: f.data for f in known.values()})
        tags = sorted({tag for fact in known.values() for tag in fact.tags})
        choice("Tag", "tag", {tag: tag for tag in tags})
        choice("Whose", "whose", {k: v for k, v in WHOSE.items() if k != "all"})
        st.button(
            "Show all",
            key="checkpoints.all",
            width="stretch",
            disabled=not chosen and not state.view.q,
            on_click=show_all,
        )


def show_all() -> None:
    """Take every filter away."""
    for name in FILTERS:
        st.session_state[f"checkpoints.{name}"] = "all"
    st.session_state["checkpoints.q"] = ""
    turn_to(1)


def choice(label: str, field: str, options: dict[str, str]) -> None:
    """A filter. A value of a link that no run has stands there too, to be taken away."""
    key = key_of(field)
    held = st.session_state[key]
    names = {"all": "All"} | options | ({held: held} if held not in options | {"all": ""} else {})
    if len(names) > 1 or field == "tag":
        st.selectbox(
            label,
            names,
            format_func=lambda value: names.get(value, value),
            key=key,
            on_change=turn_to,
            args=(1,),
            disabled=len(names) == 1,
            help="Give tags under Manage." if field == "tag" and len(names) == 1 else None,
        )


def found(known: dict[str, Facts], view: CheckpointsView, visitor: Visitor) -> list[str]:
    """The names that a view asks for, in its order."""
    words = view.q.lower().split()
    items = [
        (name, fact)
        for name, fact in known.items()
        if all(word in f"{name} {fact.words} {' '.join(fact.tags)}".lower() for word in words)
        and view.family in ("all", fact.family_name)
        and view.data in ("all", fact.dataset)
        and (view.tag == "all" or view.tag in fact.tags)
        and view.whose in ("all", whose(fact, visitor))
    ]
    return [name for name, _ in sorted(items, key=ORDERS[view.sort])]


def whose(fact: Facts, visitor: Visitor) -> str:
    """One of WHOSE."""
    if fact.owner is None:
        return "shipped"
    return "mine" if fact.owner == visitor.id else "others"


def card(run: Run, fact: Facts, view: CheckpointsView, visitor: Visitor) -> None:
    name = run.name
    with st.container(border=True, key=f"checkpoints.card.{name}", gap="xsmall"):
        try:
            show_small(run)
        except GenLabError as error:
            st.caption(literal(str(error)))
        st.button(
            name,
            key=f"checkpoints.open.{name}",
            type="primary" if name == view.run and len(view.compare) < 2 else "secondary",
            width="stretch",
            on_click=open_run,
            args=(name,),
        )
        badges = [*badge_of_owner(fact, visitor), *map(badge_of_tag, fact.tags)]
        st.caption(f"{literal(fact.words)}  \n{of_headline(fact)} {' '.join(badges)}")
        key = f"checkpoints.compare.{name}"
        st.session_state[key] = name in view.compare
        st.checkbox("Compare", key=key, on_change=toggle_compared, args=(name,))


def of_headline(fact: Facts) -> str:
    """The family's first figure beside its floor."""
    figure, reading = fact.figure, fact.headline
    if figure is None or reading is None:
        return "not measured"
    unit = f" {figure.unit}" if figure.unit else ""
    text = f"{figure.title} **{figure.words(reading.value)}**{unit}"
    beside = [f"{words} {figure.words(value)}" for words, value in reading.beside.items()]
    return f"{text} ({beside[0]})" if beside else text


def badge_of_owner(fact: Facts, visitor: Visitor) -> Iterable[str]:
    if fact.owner is not None and fact.owner == visitor.id:
        yield ":blue-badge[yours]"


def badge_of_tag(tag: str) -> str:
    return f":gray-badge[{literal(tag)}]"
