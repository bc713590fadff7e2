"""Page: the runs on this machine, one of them from inside or several side by side, and the ways
in and out."""

from dataclasses import replace

import streamlit as st

from genlab.runs.folder import Run, list_runs
from genlab.ui.arrays import version_of
from genlab.ui.checkpoints import Facts, changed, checkpoints_script, comparison, facts
from genlab.ui.checkpoints_view import key_of, open_view, show_link
from genlab.ui.hostile import literal, shown_literally
from genlab.ui.importing import import_form, measure, misfit_report
from genlab.ui.owner import current_visitor
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
    title.caption(f"{literal(f'{fact.words} · {fact.when}')} {tags}")
    with actions.container(horizontal=True, horizontal_alignment="right"):
        export_popover(run)
        manage_popover(run, visitor)
    name, notes = memory.get("checkpoints.imported", ("", ()))
    if name == run.name:
        st.success(
            "\n\n".join([f"Imported as {name}.", *map(literal, notes)]), icon=":material/task_alt:"
        )
    with st.container(horizontal=True):
        for page, label, icon, parameter in (
            ("maps", "Open in Latent maps", ":material/scatter_plot:", "left"),
            ("sliders", "Open in Latent sliders", ":material/tune:", "run"),
        ):
            st.page_link(
                f"../../pages/{page}.py", label=label, icon=icon, query_params={parameter: run.name}
            )
    show_figures(run, fact)
    with shown_literally():
        st.image(
            comparison(run.name, version_of(run), run.dataset),
            width="stretch",
            alt="One test image of each class, and below it what the model makes of it",
        )
        st.caption(
            f"Above: the first test image of each class of {literal(fact.data)}. "
            "Below: the mean reconstruction, decoded at the mean of q(z|x)."
        )
    if memory.get("checkpoints.tab") not in TABS:
        memory["checkpoints.tab"] = "X-ray"
    tabs = st.tabs(list(TABS), key=key_of("tab"), on_change="rerun")
    for tab, show in zip(tabs, TABS.values(), strict=True):
        if tab.open:
            with tab, shown_literally():
                show(run)


def show_figures(run: Run, fact: Facts) -> None:
    if fact.neg_elbo is None:
        left, right = st.columns([3, 1], vertical_alignment="center")
        why = memory.get("checkpoints.unmeasured", {}).get(run.name)
        left.info(literal(why or "Not measured yet: its loss on the test images is not known."))
        if right.button("Measure it now", key="checkpoints.measure", width="stretch"):
            with shown_literally():
                measure(run)
                st.rerun()
        return
    floor, mean_image = words_for(fact.entropy), words_for(fact.mean_image)
    cells = {
        "Negative ELBO": (
            words_for(fact.neg_elbo),
            f"floor {floor} · mean image {mean_image}",
            "Nats per test image, one z each; low is good. The floor is the entropy of the pixels; "
            "the mean image is what always predicting it costs.",
        ),
        "Reconstruction": (
            words_for(fact.recon_nll),
            f"floor {floor}",
            "The first term, −log p(x|z), in nats per test image.",
        ),
        "KL": (
            words_for(fact.kl),
            "0: z says nothing",
            "The second term, in nats per test image: what z says of the image.",
        ),
        "Active": (
            f"{fact.active} of {fact.latent_dim}",
            f"{fact.parameters or 0:,} parameters",
            "Latent dimensions that the images move.",
        ),
    }
    for column, (label, (value, beside, text)) in zip(
        st.columns([1.6, 1.2, 1, 1.2]), cells.items(), strict=True
    ):
        column.metric(label, value, help=text)
        column.caption(beside)


def words_for(figure: float | None) -> str:
    return "—" if figure is None else f"{figure:.2f}"


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

st.subheader("What to look for")
st.markdown(
    "- The grey bars, *posterior collapse*: dimensions that the training switched off. A VAE uses "
    "as many as the images pay for, whatever it was given.\n"
    "- The encoder's line that falls to 0: units that never fire are spent weights.\n"
    "- Two runs of one dataset, side by side: the same number of parameters, another number of "
    "active dimensions; and where their configs differ."
)
with st.expander("The maths", icon=":material/function:"):
    st.markdown(r"""
The encoder gives each image a Gaussian $q(z \mid x) = \mathcal{N}(\mu, \mathrm{diag}\,\sigma^2)$.
Its KL from the prior $\mathcal{N}(0, I)$ is a sum over the dimensions, so each has its own price,
here the mean over the images:

$$\mathrm{KL}_j = \tfrac12 \,
\mathbb{E}_x\big[\mu_j(x)^2 + \sigma_j(x)^2 - 1 - \log \sigma_j(x)^2\big] \ge 0,$$

and $\mathrm{KL}_j = 0$ only where $q(z_j \mid x) = \mathcal{N}(0, 1)$ for every $x$.
A dimension at 0 says nothing of the image: *posterior collapse*. It is **active** when its mean
moves with the image, $\mathrm{Var}_x[\mu_j(x)] > 0.01$ (Burda et al. 2016, section 5.2).

A hidden **unit** gives $\max(0, w \cdot x + b)$. One that is at 0 for every image has no gradient
and will not come back: it is *dead*.

The **negative ELBO** is $-\mathbb{E}_{q}[\log p(x \mid z)] + \sum_j \mathrm{KL}_j$. Its first term
cannot go below the entropy of the pixels, $-\sum_i x_i \log x_i + (1 - x_i) \log(1 - x_i)$: the
floor above.
""")
if state.view.run:
    with st.expander("In Python", icon=":material/code:"):
        several = len(compared) > 1
        st.code(compare_script(compared) if several else checkpoints_script(runs[state.view.run]))
