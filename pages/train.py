"""Page: start a training, and watch it, whoever started it and from wherever."""

import dataclasses

import streamlit as st

from genlab.jobs.desk import NameTaken, is_locked, submit_run
from genlab.jobs.queue import Job, list_jobs
from genlab.jobs.recipe_book import recipe_book
from genlab.ui.errors import shown_errors
from genlab.ui.hostile import literal
from genlab.ui.owner import current_visitor, teacher_popover
from genlab.ui.train_cost import cost_panel
from genlab.ui.train_desk import forget_look, jobs_now, keep_worker
from genlab.ui.train_form import free_name, training_form
from genlab.ui.train_link import take_over_link
from genlab.ui.train_script import training_script
from genlab.ui.train_settings import Wish, fill_from_config
from genlab.ui.train_view import show_desk
from genlab.ui.train_words import look_for, maths

# On a narrow screen the form keeps the width that its words need
ROOMY = """<style>@media (max-width: 1250px) {
  .stColumn:has(.st-key-train-form) { flex: 0 0 clamp(215px, 21vw, 260px); }
  .stColumn:has(.st-key-train-form) + .stColumn { flex: 1 1 0; min-width: 0; }
}</style>"""


def start(wish: Wish) -> None:
    """Queue the wish, one job for each seed, and show them.

    Raises:
        GenLabError: the desk refuses; the jobs queued before that stay.
    """
    visitor, started = current_visitor(), []
    try:
        for name, config in wish.jobs():
            started.append(submit_run(config, name, visitor).id)
    except NameTaken:
        if started or wish.is_named:
            raise
        # Somebody took the free name a moment ago: the next one does as well
        start(dataclasses.replace(wish, name=free_name(wish.recipe, list_jobs())))
    finally:
        if started:
            forget_look()
            keep_worker(jobs_now())
            st.session_state["train.shown"] = started
            st.session_state["train.clear_name"] = True


def duplicate(job: Job) -> None:
    fill_from_config(book, job.config)
    st.session_state["train.redraw"] = True  # the form stands outside the fragment with the button
    st.toast("Its settings are in the form, on the left.")


def start_button(wish: Wish) -> None:
    locked = is_locked() and not current_visitor().teacher
    many = f" {wish.seeds} runs" if wish.seeds > 1 else ""
    if st.button(
        f"Start{many}",
        key="train.start",
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=locked or wish.problem is not None,
    ):
        with shown_errors():
            start(wish)
            st.rerun()
    if locked:
        st.caption(":material/lock: The teacher has locked the desk; what runs goes on.")


title, corner = st.columns([6, 1], vertical_alignment="bottom")
title.title("Train")
with st.spinner("Reading the recipes, once on this machine …"):
    book = recipe_book()
with corner:
    teacher_popover()
visitor = current_visitor()
jobs = take_over_link(book, visitor)
st.caption(
    "Choose a recipe, see what it costs, start it and watch it learn: the job belongs to this "
    "machine, so close the tab and come back to it, from anywhere."
)
st.html(ROOMY)
form, watch = st.columns([1, 2.7], gap="large")
with form, st.container(gap="xsmall", key="train.form"):
    wish, action = training_form(book, jobs)
with action:
    if wish.problem:
        st.error(literal(wish.problem), icon=":material/error:")
    else:
        with shown_errors():
            cost_panel(wish.config, wish.seeds, jobs, visitor.id)
    start_button(wish)
with watch:
    show_desk(wish, book, duplicate)

shown = st.session_state["train.shown"]
family = next((job.config["family"] for job in jobs if job.id in shown), wish.config["family"])
st.subheader("What to look for")
st.markdown(look_for(family))
with st.expander("The maths", icon=":material/function:"):
    st.markdown(maths(family))
with st.expander("In Python", icon=":material/code:"):
    changed = {name: value for name, (_, value) in wish.changed.items()}
    st.code(training_script(wish.recipe, changed, wish.name))
