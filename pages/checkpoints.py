"""Page: the runs on this machine, one of them from inside or several side by side, and the ways
in and out."""

from dataclasses import replace

import streamlit as st

from genlab.runs.families import PARAMETERS, family_of
from genlab.runs.folder import Run, list_runs, read_summary
from genlab.ui.checkpoints import Facts, changed, checkpoints_script, facts
from genlab.ui.checkpoints_view import key_of, open_view, show_link
from genlab.ui.checkpoints_words import look_for, maths
from genlab.ui.doors import show_doors
from genlab.ui.hostile import literal, shown_literally
from genlab.ui.importing import import_form, measure, misfit_report
from genlab.ui.owner import current_visitor
from genlab.ui.portraits import show_large
from genlab.ui.run_actions import export_popover, manage_popover, trash_expander, undo_row
from genlab.ui.run_compare import compare_script, show_comparison
from genlab.ui.run_list import run_list
from genlab.ui.run_tabs import TABS

st.title("Checkpoints")
st.caption(
    "Every model on this machine: look inside one, compare several, take them with you, or bring "
    "somebody else's."
)

runs, visitor, memory = {run.name: run for run in list_runs()}, current_visitor(), st.session_state
state = open_view()
if unknown := [n for n in (state.view.run, *state.view.compare) if n and n not in runs]:
    st.warning(literal(f'There is no run "{unknown[0][:64]}" here.'))
known = tuple(name for name in state.view.compare if name in runs)
state.view = replace(state.view, compare=known)
if state.view.run not in runs:
    newest = min(runs, key=lambda name: (-changed(runs[name]), name), default="")
    state.view = replace(state.view, run=newest)


def show_run(run: Run) -> None:
    fact = facts(run)
    title, actions = st.columns([3, 2], vertical_alignment="bottom")
    title.subheader(run.name, anchor=False)
    tags = " ".join(f":gray-badge[{literal(tag)}]" for tag in fact.tags)
    size = f" · {fact.parameters:,.0f} parameters" if fact.parameters else ""
    title.caption(f"{literal(f'{fact.words} · {fact.when}{size}')} {tags}")
    with actions.container(horizontal=True, horizontal_alignment="right"):
        export_popover(run)
        manage_popover(run, visitor)
    name, notes = memory.get("checkpoints.imported", ("", ()))
    if name == run.name:
        st.success(
            "\n\n".join([f"Imported as {name}.", *map(literal, notes)]), icon=":material/task_alt:"
        )
    with st.container(horizontal=True):
        show_doors(run, prefix="Open in ")
    show_figures(run, fact)
    with shown_literally():
        show_large(run)
    if memory.get("checkpoints.tab") not in TABS:
        memory["checkpoints.tab"] = "X-ray"
    tabs = st.tabs(list(TABS), key=key_of("tab"), on_change="rerun")
    for tab, show in zip(tabs, TABS.values(), strict=True):
        if tab.open:
            with tab, shown_literally():
                show(run)


def show_figures(run: Run, fact: Facts) -> None:
    figures = family_of(run.family).figures
    if not figures:
        return
    if fact.headline is None:
        left, right = st.columns([3, 1], vertical_alignment="center")
        why = memory.get("checkpoints.unmeasured", {}).get(run.name)
        left.info(literal(why or "Not measured yet: its figures on the test images are not known."))
        if right.button("Measure it now", key="checkpoints.measure", width="stretch"):
            with shown_literally():
                measure(run)
                st.rerun()
        return
    summary = read_summary(run)
    measured = [
        (figure, reading)
        for figure in figures
        if figure is not PARAMETERS and (reading := figure.read(summary)) is not None
    ]
    for column, (figure, reading) in zip(
        st.columns([1.6, 1.2, 1.2, 1.2]), measured[:4], strict=False
    ):
        value, beside = figure.words(reading.value, summary), reading.beside.items()
        column.metric(figure.label, value, help=figure.help)
        column.caption(
            " · ".join(f"{w} {figure.words(n)}" for w, n in beside) or figure.remark or figure.unit
        )


side, main = st.columns([1, 2.6], gap="large")
with side:
    with st.expander("Import a checkpoint", icon=":material/upload:", expanded=not runs):
        import_form(visitor)
    run_list(runs, state, visitor)
    trash_expander(visitor)
with main:
    undo_row()
    compared = [runs[name] for name in state.view.compare]
    if len(compared) == 1:
        st.info(
            f"**{compared[0].name}** is in the comparison; tick Compare at another run.",
            icon=":material/compare_arrows:",
        )
    if report := memory.get("checkpoints.misfit"):
        misfit_report(report)
    elif len(compared) > 1:
        show_comparison(compared)
    elif not state.view.run:
        st.info("No runs yet. Train one with `python -m genlab train vae-fashion`, or import one.")
    else:
        show_run(runs[state.view.run])
show_link(state)

if state.view.run:
    family = runs[state.view.run].family
    st.subheader("What to look for")
    st.markdown(look_for(family))
    with st.expander("The maths", icon=":material/function:"):
        st.markdown(maths(family))
    with st.expander("In Python", icon=":material/code:"):
        several = len(compared) > 1
        st.code(compare_script(compared) if several else checkpoints_script(runs[state.view.run]))
