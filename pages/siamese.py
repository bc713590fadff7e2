"""Page: what a network takes for the same, under a threshold that the hand moves."""

from dataclasses import replace

import streamlit as st

from genlab.jobs.queue import list_jobs
from genlab.runs.folder import list_runs
from genlab.ui.errors import shown_errors
from genlab.ui.hostile import literal
from genlab.ui.siamese_bench import bench_script, data_words, show_bench
from genlab.ui.siamese_film import film_script, film_words, pick_job, show_film
from genlab.ui.siamese_maps import maps_script, show_maps
from genlab.ui.siamese_pictures import pictures_script, show_pictures
from genlab.ui.siamese_query import wake_soon
from genlab.ui.siamese_state import TAB, open_siamese, pick_runs, show_link
from genlab.ui.siamese_view import TABS
from genlab.ui.siamese_words import LOOK_FOR, MATHS


def choose() -> None:
    st.info("Choose one to four runs above.")


heading = st.container(
    horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
)
heading.title("Siamese pairs", width="content")
jobs = list_jobs()
state, options = open_siamese(list_runs(), jobs)
if not options:
    st.info(
        "No Siamese network has been trained here yet: run "
        "`python -m genlab train siamese2d-mnist`, or start it on the Train page."
    )
    st.page_link("../../pages/train.py", label="Train one", icon=":material/model_training:")
    st.stop()
with heading.container(horizontal=True, width=620):
    runs = pick_runs(state, options)
if state.missing:
    st.info(literal(state.missing))
if not runs and (state.view.job is None or state.missing):
    if not state.missing:
        choose()
    st.stop()


@st.fragment
def pairs() -> None:
    with shown_errors():
        show_bench(state, runs)
        finish(bench_script(state.names, state.dataset, state.view))


@st.fragment
def film() -> None:
    with shown_errors():
        job = pick_job(state, jobs)
        if show_film(state, runs, job):
            st.rerun()  # the job has become a run
        st.caption(film_words([*runs, job] if job else runs))
        finish(film_script(state.names, state.view))


@st.fragment
def maps() -> None:
    with shown_errors():
        show_maps(state, runs)
        finish(maps_script(state.names, state.dataset, state.view))


@st.fragment
def pictures() -> None:
    with shown_errors():
        show_pictures(state, runs)
        finish(pictures_script(state.names, state.dataset, state.view))


def finish(text: str) -> None:
    show_link(state)
    script.code(text)


CAPTIONS = {
    "pairs": "Two images are the same to a network where it puts them nearer than a threshold. "
    "Drag it.",
    "film": "The same held-out images from before the first update to the end. Play it, or drag "
    "over the curves.",
    "maps": "Every point is an image, where the network puts it; beside it the same images, by "
    "their pixels or by another run.",
    "pictures": "A picture asks: which images does the network put next to it? Draw one, bring "
    "one, or take one from the data.",
}
parts = {"pairs": pairs, "film": film, "maps": maps, "pictures": pictures}
for name, tab in zip(TABS, st.tabs(list(TABS.values()), key=TAB, on_change="rerun"), strict=True):
    if tab.open:
        state.view = replace(state.view, show=name)
        with tab:
            st.caption(CAPTIONS[name])
            stage = st.container()
            if name != "film":  # which has images of its own
                st.caption(data_words(state.dataset))
        shown = parts[name] if runs or name == "film" else choose
st.subheader("What to look for")
st.markdown(LOOK_FOR)
with st.expander("The maths", icon=":material/function:"):
    st.markdown(MATHS)
with st.expander("In Python", icon=":material/code:"):
    script = st.empty()
with stage:
    shown()
wake_soon(runs)
