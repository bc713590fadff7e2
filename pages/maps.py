"""Page: two latent spaces as linked maps of the same images."""

import streamlit as st

from genlab.data.images import load_split
from genlab.runs.folder import list_runs, saved_arrays
from genlab.ui import live
from genlab.ui.arrays import latent_means
from genlab.ui.errors import shown_errors
from genlab.ui.linked_maps import chosen_images, linked_maps, read_choice
from genlab.ui.map_numbers import describe_choice, show_numbers
from genlab.ui.maps_output import csv_writer, maps_script
from genlab.ui.maps_state import (
    films_of,
    fit_map,
    fit_right_run,
    open_maps,
    read_widgets,
    show_link,
    start_films,
)
from genlab.ui.maps_view import LIMITS, TITLES

st.title("Latent maps")
runs = {run.name: run for run in list_runs() if run.family in ("vae", "cvae")}
if not runs:
    st.info(
        "No trained VAE here yet. Train one with `python -m genlab train vae-fashion`, or import "
        "one on the Checkpoints page, and come back."
    )
    st.stop()
notes = st.container()  # takes what may come and go, so that nothing below is built anew
with notes:
    state = open_maps(list(runs.values()))
caption = st.empty()

# What stands on the left, what on the right

cells = st.columns([3, 3, 3, 3, 2.3, 2.7], vertical_alignment="bottom")
left = runs[cells[0].selectbox("Left run", list(runs), key="maps.left")]
cells[1].selectbox(
    "Left map", fit_map(left, "maps.left_map"), format_func=TITLES.get, key="maps.left_map"
)
right_names = fit_right_run(left, list(runs.values()))
right = runs[
    cells[2].selectbox(
        "Right run", right_names, key="maps.right", help="Runs of the same images as the left one."
    )
]
cells[3].selectbox(
    "Right map", fit_map(right, "maps.right_map"), format_func=TITLES.get, key="maps.right_map"
)
cells[4].toggle(
    "Align",
    key="maps.aligned",
    help="Turns, mirrors, scales and shifts the right map to lie closest to the left one "
    "(Procrustes). Distances within it keep their proportions. Live maps are not aligned.",
)
with (
    cells[5].popover("Live t-SNE", icon=":material/play_circle:", width="stretch"),
    st.form("maps.form"),
):
    st.markdown("Watch t-SNE move the points, step by step.")
    grid = st.columns(2)
    for place, (name, (low, high)) in enumerate(LIMITS.items()):
        step, form = (1.0, "%g") if isinstance(low, float) else (1, "%d")
        grid[place % 2].number_input(
            name.capitalize(), low, high, step=step, format=form, key=f"maps.{name}"
        )
    grid = st.columns(3)
    for cell, words, places in zip(
        grid, ("Start left", "Start right", "Start both"), ("a", "b", "ab"), strict=True
    ):
        cell.form_submit_button(words, on_click=start_films, args=(state, places), width="stretch")

read_widgets(state, runs)
for run in (left, right):
    if "mu" not in saved_arrays(run, "latents"):
        with notes, st.spinner(f"Encoding the test images with {run.name}, once…"):
            latent_means(run)
test = load_split(left.dataset, "test")
caption.caption(
    f"Every point is one of {len(test.labels):,} test images, placed by the latent mean a model "
    f"gives it; both maps show the same images. Data: {test.origin}."
)


@st.fragment
def maps() -> None:
    with shown_errors():
        films = films_of(state)
        result = linked_maps(
            left, right, state.view, films, version=state.version, key="maps.component"
        )
        if result.stop in films:
            live.stop(films[result.stop])
        state.view = read_choice(result.choice, state.view, len(test.labels), state.version)
        show_link(state)
        chosen = chosen_images(state.view, test.labels)
        words, button = st.columns([5, 1], vertical_alignment="center")
        words.caption(describe_choice(chosen, test))
        button.download_button(
            "Save CSV",
            csv_writer(left, right, state.view, films),
            f"maps-{left.name}-{right.name}.csv",
            "text/csv",
            on_click="ignore",
            width="stretch",
        )
        script.code(maps_script(state.view, left.dataset))


@st.fragment
def numbers() -> None:
    with shown_errors():
        methods = (state.view.left_map, state.view.right_map)
        show_numbers((left, right), methods, films_of(state), test)


stage = st.container()
st.subheader("Which one knows the classes?")
numbers()

st.subheader("What to look for")
st.markdown(
    "- Lasso one island on the left: is it one class, and where are its images on the right? A VAE "
    "has to keep the class in z. A CVAE is given it, so its z can hold what is left: shape, "
    "brightness, size. How far it lets go of the class is the 10-NN accuracy above.\n"
    "- Hover where two classes meet. The two reconstructions show what each model kept of the "
    "image; click an empty spot and the decoder draws what it imagines between.\n"
    "- Switch one map to PCA, then back: the chosen points stay chosen. What is near in t-SNE was "
    "near in z; what is far, or how large an island is, says little."
)
with st.expander("The maths", icon=":material/function:"):
    st.markdown(r"""
**t-SNE** turns distances between the $N$ means $\mu_i$ into neighbour probabilities, with
each $\sigma_i$ such that row $i$ has the stated *perplexity* $2^{H(P_i)}$, an effective number of
neighbours:

$$
p_{j|i} = \frac{\exp(-\|\mu_i - \mu_j\|^2 / 2\sigma_i^2)}
{\sum_{k \ne i} \exp(-\|\mu_i - \mu_k\|^2 / 2\sigma_i^2)},\qquad
p_{ij} = \frac{p_{j|i} + p_{i|j}}{2N}.
$$

The points $y_i$ of the map have theirs with heavy tails, so that crowded neighbours can part.
Gradient descent brings the two together; at first $P$ is multiplied by the *exaggeration*:

$$
q_{ij} = \frac{(1 + \|y_i - y_j\|^2)^{-1}}{\sum_{k \ne l} (1 + \|y_k - y_l\|^2)^{-1}},\qquad
\mathrm{KL}(P\,\|\,Q) = \sum_{i \ne j} p_{ij} \log \frac{p_{ij}}{q_{ij}}.
$$

**10-NN accuracy**: how often the ten nearest other points outvote all other classes for the point's
own. **Silhouette**: the mean of $(b_i - a_i) / \max(a_i, b_i)$, with $a_i$ the mean distance to the
own class and $b_i$ to the nearest other one; 1 is perfectly apart, 0 no clusters, below 0 classes
that lie across one another. **Trustworthiness** of a map, $k = 10$, with $r(i, j)$ the rank of $j$
among the neighbours of $i$ in the latent space and $U_i$ the intruders, near in the map only:

$$
1 - \frac{2}{N k (2N - 3k - 1)} \sum_i \sum_{j \in U_i} \big(r(i, j) - k\big).
$$

**Align** (Procrustes): the $s$, $t$ and orthogonal $R$ that minimise
$\sum_i \|s R\, y_i + t - y_i'\|^2$ over the images that both maps show.

van der Maaten & Hinton 2008; Rousseeuw 1987; Venna & Kaski 2001; Schönemann & Carroll 1970.
""")
with st.expander("In Python", icon=":material/code:"):
    script = st.empty()
with stage:
    maps()
