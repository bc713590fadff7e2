"""Page: what GenLab is, what is on this machine, and where to start."""

import os

import streamlit as st

from genlab.data.catalogue import DATASETS
from genlab.data.images import load_split
from genlab.runs.folder import list_runs, read_summary
from genlab.ui.arrays import version_of
from genlab.ui.errors import shown_errors
from genlab.ui.machine import device
from genlab.ui.thumbnails import map_picture, traversal_picture

st.title("GenLab")
st.caption("Take a trained generative model in your hand: look at all of it, drag it, measure it.")

runs = [run for run in list_runs() if run.dataset in DATASETS]
if not runs:
    st.info("No runs yet. Train one with `python -m genlab train vae-fashion` and reload.")
    st.stop()


@st.cache_data(max_entries=32, show_spinner=False)
def thumbnail(kind: str, name: str, version: str) -> bytes:
    run = next(run for run in runs if run.name == name)
    return {"map": map_picture, "traversal": traversal_picture}[kind](run)


def lab(column, page: str, title: str, kind: str, name: str, icon: str, words: str) -> None:
    """One card of the gallery, with a picture made from the run `name`, or the first there is."""
    run = next((run for run in runs if run.name == name), runs[0])
    with column.container(border=True, height="stretch"):
        with shown_errors():
            st.image(thumbnail(kind, run.name, version_of(run)), width="stretch", alt=words)
        st.page_link(f"../../pages/{page}.py", label=f"**{title}**", icon=icon)
        st.markdown(words)


first, second, third = st.columns(3)
lab(
    first, "maps", "Latent maps", "map", "vae-fashion", ":material/scatter_plot:",
    "Lay two models' maps of 10,000 images side by side, lasso a cluster in one and find it in "
    "the other. Which model knows the classes?",
)  # fmt: skip
lab(
    second, "sliders", "Latent sliders", "traversal", "vae-fashion", ":material/tune:",
    "Drag one number of twenty and watch a sleeve grow. Walk from a boot to a bag, or the same "
    "z under ten labels.",
)  # fmt: skip
lab(
    third, "checkpoints", "Checkpoints", "map", "vae2d-mnist", ":material/inventory_2:",
    "See what is here, X-ray it, and bring your own: a `.pth`, `.pt` or `.safetensors` is read "
    "safely and explored like the rest.",
)  # fmt: skip

st.subheader("On this machine")


@st.fragment(run_every=None if device() else "1s")
def machine() -> None:
    found = device()
    left, right = st.columns(2)
    left.metric("Trains on", found or "looking …", border=True)
    right.metric("Processor cores", os.cpu_count(), border=True)


machine()
st.dataframe(
    [
        {
            "run": run.name,
            "model": run.family.upper(),
            "data": DATASETS[run.dataset].title,
            "negative ELBO": figures.get("neg_elbo_test"),
            "pixel entropy": figures.get("floors", {}).get("entropy"),
            "mean image": figures.get("floors", {}).get("mean_image_nll"),
            "active": f"{figures['active_units']} of {run.latent_dim}" if figures else None,
        }
        for run in runs
        for figures in [read_summary(run)]
    ],
    hide_index=True,
    column_config={
        name: st.column_config.NumberColumn(format="%.2f", help=text)
        for name, text in {
            "negative ELBO": "Nats an image on the test images: lower is better.",
            "pixel entropy": "Floor: no model's reconstruction term can go below.",
            "mean image": "What always answering with the mean training image costs.",
        }.items()
    },
)
origins = {load_split(run.dataset, "test").origin for run in runs if run.dataset != "kmnist"}
st.caption("Data in use: " + "; ".join(sorted(origins)) + ".")

st.subheader("Where to start")
st.markdown(
    """
1. Open **Latent maps** and draw a loop around one colour: the same images light up in both maps.
2. Open **Latent sliders**, drag the first dimension, then start from a test image of your choice.
3. Train your own in about a minute: `python -m genlab train vae-fashion --set latent_dim=2`.
"""
)
