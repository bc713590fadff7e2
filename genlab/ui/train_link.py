"""The Train page's state as a link: the form, the jobs on show and how their curves are drawn."""

from collections.abc import Mapping

import streamlit as st

from genlab.jobs.desk import Visitor
from genlab.jobs.queue import ENDED, Job
from genlab.jobs.recipe_book import Book
from genlab.plots.panels import Look
from genlab.ui.page_link import PageLink
from genlab.ui.train_desk import jobs_now, siblings
from genlab.ui.train_settings import Wish, fill_from_link, link_of_form
from genlab.ui.train_watch import runs_now

MOST_SHOWN = 20  # jobs of a link
FRESH = Look()
LOOK_KEYS = ("train.smoothing", "train.axis", "train.log", "train.floors", "train.with")


def take_over_link(book: Book, visitor: Visitor) -> list[Job]:
    """Bring the page's state up to the link that was opened, if one was; return all jobs."""
    state, link, jobs = st.session_state, st.query_params.to_dict(), jobs_now()
    held: PageLink = state.setdefault("train.link", PageLink())
    if held.is_opened(link):
        fill(book, link, jobs, visitor)
        held.open(link)
    elif "train.recipe" not in state:  # back from another page, which has dropped the widgets
        fill(book, held.now, jobs, visitor)
    hold_look()
    if state.pop("train.clear_name", False):
        state["train.name"] = ""
    return jobs


def fill(book: Book, link: Mapping[str, str], jobs: list[Job], visitor: Visitor) -> None:
    fill_from_link(book, link)
    state = st.session_state
    known = {job.id for job in jobs}
    asked = [job_id for job_id in numbers(link.get("jobs", "")) if job_id in known]
    state["train.missing"] = "jobs" in link and not asked
    state["train.shown"] = asked or first_shown(jobs, visitor)
    smooth = link.get("smooth", "")
    share = int(smooth) if smooth.isdecimal() and len(smooth) < 3 else 100 * FRESH.smoothing
    state["train.smoothing"] = min(round(share), 99)
    state["train.axis"] = "epochs" if link.get("x") == "epochs" else "updates"
    state["train.log"] = link.get("y") == "log"
    state["train.floors"] = link.get("floors") != "off"
    others = [f"job {job_id}" for job_id in numbers(link.get("and", "")) if job_id in known]
    named = link.get("with", "").split("~")[:MOST_SHOWN]
    state["train.with"] = others + [f"run {name}" for name in named if name in runs_now()]


def numbers(text: str) -> list[int]:
    """The numbers of "3-7-12"; what is none is left out."""
    parts = [part for part in text.split("-") if part.isdecimal() and len(part) < 12]
    return [int(part) for part in parts[:MOST_SHOWN]]


def first_shown(jobs: list[Job], visitor: Visitor) -> list[int]:
    """What a visitor without a link sees: their own job before anybody's, a living one first."""
    order = sorted(
        jobs,
        key=lambda job: (job.owner != visitor.id, job.state in ENDED, -job.id),
    )
    return [job.id for job in siblings(order[0], jobs)] if order else []


def hold_look() -> None:
    """Keep what the chart's widgets say beside them: Streamlit forgets a widget that is not drawn,
    and they are drawn only beside a chart. To be called before they are drawn."""
    state = st.session_state
    held = state.setdefault("train.look", {})
    for key in LOOK_KEYS:
        if key in state:
            held[key] = state[key]
        else:
            state[key] = held[key]


def look_now() -> tuple[float, bool, bool, bool]:
    """smoothing, log, by_epoch and whether the floors are drawn."""
    held = st.session_state["train.look"]
    by_epoch = held["train.axis"] == "epochs"
    return held["train.smoothing"] / 100, held["train.log"], by_epoch, held["train.floors"]


def keep_link(wish: Wish, book: Book) -> None:
    """Write the page's state into the address, so that it can be sent."""
    state = st.session_state
    link = link_of_form(wish, book)
    if state["train.shown"]:
        link["jobs"] = "-".join(map(str, state["train.shown"]))
    smoothing, log, by_epoch, floors = look_now()
    if smoothing != FRESH.smoothing:
        link["smooth"] = str(round(100 * smoothing))
    link |= {"y": "log"} if log else {}
    link |= {"x": "epochs"} if by_epoch else {}
    link |= {} if floors else {"floors": "off"}
    others = [choice.partition(" ") for choice in state["train.look"]["train.with"]]
    for parameter, wanted, sign in (("and", "job", "-"), ("with", "run", "~")):
        if values := [value for kind, _, value in others if kind == wanted]:
            link[parameter] = sign.join(values)
    state["train.link"].write(link)
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)
