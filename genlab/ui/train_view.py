"""The right side of the Train page: the jobs of the desk, and one of them, or several, at work."""

from collections.abc import Callable

import streamlit as st

from genlab.jobs.desk import Visitor
from genlab.jobs.queue import ENDED, Job
from genlab.jobs.recipe_book import Book
from genlab.plots.panels import Look
from genlab.runs.families import family_of
from genlab.runs.folder import find_run
from genlab.ui.doors import CHECKPOINTS, show_doors, show_live_doors
from genlab.ui.errors import shown_errors
from genlab.ui.hostile import literal
from genlab.ui.owner import current_visitor, owner_words
from genlab.ui.train_desk import (
    controls,
    group_of,
    is_live,
    jobs_now,
    keep_worker,
    outcome,
    progress_of,
    queue_words,
    show_refusal,
)
from genlab.ui.train_jobs import dataset_title, job_buttons
from genlab.ui.train_link import hold_look, keep_link, look_now
from genlab.ui.train_load import load
from genlab.ui.train_settings import Wish
from genlab.ui.train_watch import (
    CHART_HEIGHT,
    comparable,
    comparison_words,
    curve_of_stored,
    has_run,
    lines_of,
    runs_now,
    show_chart,
    show_curves,
    show_pictures,
)

TICK, SLOW_TICK = 0.8, 2.5  # seconds, where a job on show is at work, and where only others are

Duplicate = Callable[[Job], None]


def show_desk(wish: Wish, book: Book, duplicate: Duplicate) -> None:
    """All that lives: it is drawn again every second while something runs, and only then."""
    declared = pulse(jobs_now())

    @st.fragment(run_every=declared)
    def live() -> None:
        jobs = jobs_now()
        hold_look()
        with shown_errors():
            draw(jobs, wish, duplicate)
        keep_link(wish, book)
        if pulse(jobs) != declared or st.session_state.pop("train.redraw", False):
            st.rerun()  # the whole page: another pulse, or another form

    live()


def pulse(jobs: list[Job]) -> float | None:
    """Seconds between two looks, or None where nothing can change."""
    living = [job.id for job in jobs if is_live(job)]
    if not living:
        return None
    return TICK if set(living) & set(st.session_state["train.shown"]) else SLOW_TICK


def draw(jobs: list[Job], wish: Wish, duplicate: Duplicate) -> None:
    visitor, state = current_visitor(), st.session_state
    keep_worker(jobs)
    show_refusal()
    if state.get("train.missing"):
        st.warning("The jobs of this link are not here any more; their runs are on Checkpoints.")
    by_id = {job.id: job for job in jobs}
    shown = [by_id[job_id] for job_id in state["train.shown"] if job_id in by_id]
    state["train.shown"] = [job.id for job in shown]
    job_buttons(jobs, shown, visitor)
    if not shown:
        show_nothing(wish)
        return
    focus = choose_focus(shown)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        controls(focus, jobs, visitor, duplicate)
        chart_popover(jobs, shown)
    standing(focus, jobs)
    others = st.session_state["train.look"]["train.with"]
    height = CHART_HEIGHT - 50 * (len(shown) > 1)
    drawn = show_curves(shown, others, jobs, look_at(shown), height)
    if not drawn and focus.state not in ENDED:
        with st.container(height=height, border=True, vertical_alignment="center"):
            st.caption("The curves begin with the first report.", text_alignment="center")
    show_pictures(focus)
    if focus.state not in ENDED:
        show_live_doors(focus)
    st.caption(particulars(focus, visitor))


def show_load() -> None:
    now = load()
    shares = {"CPU": now.cpu, "GPU": now.gpu, "RAM": now.memory}
    parts = [f"{name} {100 * share:.0f}%" for name, share in shares.items() if share is not None]
    if parts:
        st.caption(f":material/speed: {' · '.join(parts)}", text_alignment="right")


def show_nothing(wish: Wish) -> None:
    """What to do first; and, where the recipe has a shipped run, what to expect of it."""
    st.info(
        "Nothing is training here. Choose a recipe on the left and press **Start**: its curves and "
        "pictures grow here.",
        icon=":material/model_training:",
    )
    run = runs_now().get(wish.recipe)
    curve = curve_of_stored(run) if run is not None else None
    if curve is not None:
        st.caption(f"What to expect: the losses of {run.name}, which came with GenLab.")
        look = Look(by_epoch=True, smoothing=0.0, floors=lines_of(run.config))
        show_chart([curve], look, CHART_HEIGHT + 60)


def choose_focus(shown: list[Job]) -> Job:
    """The job whose state, buttons and pictures are shown; the curves show all."""
    if len(shown) == 1:
        return shown[0]
    state, ids = st.session_state, [job.id for job in shown]
    if state.get("train.focus") not in ids:
        state["train.focus"] = ids[0]
    seeds = len({group_of(job) for job in shown}) == 1
    labels = {
        job.id: f"seed {job.config['training']['seed']}" if seeds else job.name for job in shown
    }
    chosen = st.segmented_control(
        "Pictures and buttons of",
        ids,
        format_func=lambda job_id: literal(labels[job_id]),
        key="train.focus",
        required=True,
        label_visibility="collapsed",
    )
    return next(job for job in shown if job.id == chosen)


def particulars(job: Job, visitor: Visitor) -> str:
    family, training = family_of(job.config["family"]), job.config["training"]
    return literal(
        f"{job.name}: {family.short} on {dataset_title(job)}, "
        f"{family.words(job.config['model'])}, "
        f"{training['epochs']} epochs, batch {training['batch_size']}, learning rate "
        f"{training['learning_rate']:g} ({training['schedule']}), seed {training['seed']}; "
        f"started by {owner_words(job.owner, visitor)}."
    )


def standing(job: Job, jobs: list[Job]) -> None:
    """Where a job stands, in line, under way or at its end; and how busy the machine is."""
    if job.state == "failed":
        st.error(literal(job.message or "It failed without a word."), icon=":material/error:")
        return
    if job.state in ENDED:
        doors(job)
        return
    left, right = st.columns([3.2, 1], vertical_alignment="center")
    if job.state == "queued":
        left.info(queue_words(job, jobs), icon=":material/schedule:")
    else:
        share, words = progress_of(job)
        left.progress(share, text=f"{words} · {literal(job.message)}" if job.message else words)
    with right:
        show_load()


def doors(job: Job) -> None:
    """What became of a job, and where its run can be looked at."""
    if not has_run(job):
        st.caption(f"{outcome(job)}; nothing was kept of it, or its run has been deleted.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        show_doors(find_run(job.name), CHECKPOINTS)
        st.caption(outcome(job), width="content")


def chart_popover(jobs: list[Job], shown: list[Job]) -> None:
    """How the curves are drawn, and what is laid over them."""
    state, held = st.session_state, st.session_state["train.look"]
    popover = st.popover("Curves", icon=":material/tune:", key="train.curves", on_change="rerun")
    if not popover.open:
        state["train.curves_drawn"] = False
        return
    options = comparable(jobs, shown)
    held["train.with"] = [choice for choice in held["train.with"] if choice in options]
    if not state.get("train.curves_drawn") or held["train.with"] != state["train.with"]:
        state.update(held)  # a widget that has not been drawn yet knows only what is told now
    state["train.curves_drawn"] = True
    with popover:
        st.slider("Smoothing, %", 0, 99, key="train.smoothing")
        st.segmented_control("Along", ["updates", "epochs"], key="train.axis", required=True)
        st.toggle("Log scale", key="train.log")
        st.toggle(
            "Floors",
            key="train.floors",
            help="Of a VAE two lines: the least that any reconstruction NLL can be, and the cost "
            "of always predicting the mean image. Of a GAN one: where nobody gains any more.",
        )
        st.multiselect(
            "Compare with",
            options,
            key="train.with",
            format_func=lambda choice: comparison_words(choice, jobs),
            placeholder="other jobs and runs",
        )


def look_at(shown: list[Job]) -> Look:
    smoothing, log, by_epoch, with_floors = look_now()
    lines = [lines_of(job.config) for job in shown] if with_floors else [{}]
    lines = lines[0] if all(other == lines[0] for other in lines) else {}
    return Look(smoothing=smoothing, log=log, by_epoch=by_epoch, floors=lines)
