"""Page: the runs on this machine, one of them from inside, and a way in for other people's."""

import streamlit as st

from genlab.errors import GenLabError
from genlab.runs.folder import Run, list_runs, weights_path, zip_run
from genlab.ui.arrays import version_of
from genlab.ui.checkpoints import Facts, checkpoints_script, comparison, facts, thumbnail
from genlab.ui.hostile import literal, shown_literally
from genlab.ui.importing import import_form, measure, misfit_report
from genlab.ui.run_tabs import TABS

SEARCH_FROM = 7  # runs

st.title("Checkpoints")
st.caption(
    "Every model on this machine: look inside one, take it with you, or bring somebody else's."
)

runs = {run.name: run for run in list_runs()}
state = st.session_state
wanted = st.query_params.get("run", state.get("checkpoints.run"))
if wanted not in runs:
    if wanted is not None:
        st.warning(literal(f'There is no run "{wanted[:64]}" here.'))
    wanted = next(iter(runs), None)
if wanted is not None:
    state["checkpoints.run"] = st.query_params["run"] = wanted


def choose(name: str) -> None:
    st.query_params["run"] = name
    state.pop("checkpoints.misfit", None)


def run_list() -> None:
    """One card for each run; the chosen one has the strong button."""
    names = list(runs)
    if len(names) >= SEARCH_FROM:
        search = st.text_input("Search", key="checkpoints.search", placeholder="name, data, family")
        words = search.lower().split()
        names = [n for n in names if all(w in f"{n} {facts(runs[n]).words}".lower() for w in words)]
        st.caption(f"{len(names)} of {len(runs)} runs")
    rows = st.container(height=1200 if len(names) >= SEARCH_FROM else "content", border=False)
    for name in names:
        with rows.container(border=True, key=f"checkpoints.card.{name}", gap="small"):
            fact = facts(runs[name])
            try:
                st.image(
                    thumbnail(name, version_of(runs[name]), runs[name].dataset),
                    width="stretch",
                    alt=f"Reconstructions by {name} of one test image of each class",
                )
            except GenLabError as error:
                st.caption(literal(str(error)))
            st.button(
                name,
                key=f"checkpoints.open.{name}",
                type="primary" if name == wanted else "secondary",
                width="stretch",
                on_click=choose,
                args=(name,),
            )
            loss = f" · **{fact.neg_elbo:.1f}** nats" if fact.neg_elbo is not None else ""
            st.caption(f"{fact.words}{loss}")


def show_run(run: Run) -> None:
    fact = facts(run)
    title, actions = st.columns([3, 2], vertical_alignment="bottom")
    title.subheader(run.name, anchor=False)
    title.caption(literal(f"{fact.words} · {fact.when}"))
    with actions.container(horizontal=True, horizontal_alignment="right"):
        st.download_button(
            "Folder",
            lambda: zip_run(run),
            f"{run.name}.zip",
            "application/zip",
            icon=":material/download:",
            on_click="ignore",
            help="The run as a zip.",
        )
        st.download_button(
            "Weights",
            lambda: weights_path(run).read_bytes(),
            f"{run.name}.safetensors",
            icon=":material/download:",
            on_click="ignore",
            help="model.safetensors alone.",
        )
    if state.get("checkpoints.imported") == run.name:
        st.success(
            f"Imported as {run.name}: what was assumed is on its card.", icon=":material/task_alt:"
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
    chosen = st.query_params.get("tab")
    tabs = st.tabs(
        list(TABS),
        default=chosen if chosen in TABS else "X-ray",
        key="checkpoints.tab",
        on_change=lambda: st.query_params.update(tab=state["checkpoints.tab"]),
    )
    for tab, show in zip(tabs, TABS.values(), strict=True):
        if tab.open:
            with tab, shown_literally():
                show(run)


def show_figures(run: Run, fact: Facts) -> None:
    if fact.neg_elbo is None:
        left, right = st.columns([3, 1], vertical_alignment="center")
        why = state.get("checkpoints.unmeasured", {}).get(run.name)
        left.info(literal(why or "Not measured yet: its loss on the test images is not known."))
        if right.button("Measure it now", key="checkpoints.measure", width="stretch"):
            with shown_literally():
                measure(run)
                st.rerun()
        return
    cells = {
        "Negative ELBO": (f"{fact.neg_elbo:.2f}", "Nats per test image, one z each; low is good."),
        "Floor": (shown(fact.entropy), "Entropy of the pixels: no reconstruction NLL is lower."),
        "Mean image": (shown(fact.mean_image), "What always predicting the mean image costs."),
        "Active": (f"{fact.active} of {fact.latent_dim}", "Latent dimensions the images move."),
        "Parameters": (f"{fact.parameters or 0:,}", None),
    }
    for column, (label, (value, text)) in zip(st.columns(5), cells.items(), strict=True):
        column.metric(label, value, help=text)


def shown(figure: float | None) -> str:
    return "—" if figure is None else f"{figure:.2f}"


side, main = st.columns([1, 2.6], gap="large")
with side:
    with st.expander("Import a checkpoint", icon=":material/upload:", expanded=not runs):
        import_form()
    run_list()
with main:
    if report := state.get("checkpoints.misfit"):
        misfit_report(report)
    elif wanted is None:
        st.info("No runs yet. Train one with `python -m genlab train vae-fashion`, or import one.")
    else:
        show_run(runs[wanted])

st.subheader("What to look for")
st.markdown(
    "- The grey bars: dimensions that the training switched off. A VAE uses as many as the images "
    "pay for, whatever it was given.\n"
    "- The encoder's line that falls to 0: units that never fire are spent weights.\n"
    "- Two runs of one dataset: the same number of parameters, another number of active dimensions."
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
if wanted is not None:
    with st.expander("In Python", icon=":material/code:"):
        st.code(checkpoints_script(runs[wanted]))
