"""Page: what GenLab is, what is on this machine, and where to start."""

import os

import streamlit as st

from genlab.data.catalogue import DATASETS, KNOWN
from genlab.data.images import load_split
from genlab.runs.families import family_of
from genlab.runs.folder import Run, list_runs, read_summary, saved_arrays
from genlab.runs.foreign_scan import plain
from genlab.ui.arrays import version_of
from genlab.ui.errors import shown_errors
from genlab.ui.machine import device
from genlab.ui.registration_thumbnail import registration_picture
from genlab.ui.thumbnails import (
    embedding_picture,
    map_picture,
    samples_picture,
    traversal_picture,
)

st.title("GenLab")
st.caption("Take a trained generative model in your hand: look at all of it, drag it, measure it.")

runs = [run for run in list_runs() if run.dataset in KNOWN]
if not runs:
    st.info("No runs yet. Train one with `python -m genlab train vae-fashion` and reload.")
    st.stop()


PICTURES = {
    "map": map_picture,
    "traversal": traversal_picture,
    "samples": samples_picture,
    "embedding": embedding_picture,
}
PORTRAITS = {"map": "reconstructions", "traversal": "reconstructions", "samples": "samples"}


@st.cache_data(max_entries=32, show_spinner=False)
def thumbnail(kind: str, name: str, version: str) -> bytes:
    return PICTURES[kind](next(run for run in runs if run.name == name))


clouds = st.cache_data(show_spinner=False)(registration_picture)


def can_show(run: Run, kind: str) -> bool:
    """Whether a picture of this kind can be made of the run."""
    if run.dataset not in DATASETS:
        return False  # faces may not be here
    if kind == "embedding":
        return "test" in saved_arrays(run, "embeddings")
    return family_of(run.family).portrait == PORTRAITS[kind]


def picture(kind: str, name: str) -> bytes | None:
    """A picture made from the run `name`, or from the first that it can be made of, if any."""
    if kind == "clouds":
        return clouds()
    fitting = [run for run in runs if can_show(run, kind)]
    run = next((run for run in fitting if run.name == name), fitting[0] if fitting else None)
    return None if run is None else thumbnail(kind, run.name, version_of(run))


LABS = (
    (
        "maps", "Latent maps", "map", "vae-fashion", ":material/scatter_plot:",
        "Lay two models' maps of 10,000 images side by side, lasso a cluster in one and find it in "
        "the other. Which model knows the classes?",
    ),
    (
        "sliders", "Latent sliders", "traversal", "vae-fashion", ":material/tune:",
        "Drag one number of twenty and watch a sleeve grow. Walk from a boot to a bag, or the same "
        "z under ten labels.",
    ),
    (
        "gan", "GAN progression", "samples", "dcgan32-mnist", ":material/movie:",
        "Watch digits grow out of noise, several GANs in step: their losses, what the "
        "discriminator says, and which digits get lost.",
    ),
    (
        "siamese", "Siamese pairs", "embedding", "siamese2d-mnist", ":material/compare:",
        "Are these two the same? Drag the threshold, and see which friends are kept out and which "
        "strangers let in.",
    ),
    (
        "registration", "EM registration", "clouds", "", ":material/join:",
        "Nobody says which points match. Step through EM as it guesses and moves, drag the cloud "
        "to another start, and set ICP beside it.",
    ),
    (
        "checkpoints", "Checkpoints", "map", "vae2d-mnist", ":material/inventory_2:",
        "See what is here, X-ray it, and bring your own: a `.pth`, `.pt` or `.safetensors` is read "
        "safely and explored like the rest.",
    ),
)  # fmt: skip
cells = [*st.columns(3, gap="small"), *st.columns(3, gap="small")]
for cell, (page, title, kind, name, icon, words) in zip(cells, LABS, strict=True):
    with cell.container(border=True, height="stretch"):
        with shown_errors():
            if found := picture(kind, name):
                st.image(found, width="stretch", alt=words)
        st.page_link(f"../../pages/{page}.py", label=f"**{title}**", icon=icon)
        st.markdown(words)

st.subheader("On this machine")


@st.fragment(run_every=None if device() else "1s")
def machine() -> None:
    found = device()
    left, right = st.columns(2)
    left.metric("Trains on", found or "looking …", border=True)
    right.metric("Processor cores", os.cpu_count(), border=True)


machine()


def row(run: Run) -> dict[str, str]:
    """A line of the table: the family's first figure, and what it is to be seen beside."""
    family = family_of(run.family)
    line = {
        "run": run.name,
        "model": plain(family.short, 12),
        "data": KNOWN[run.dataset].title,
        "size": plain(family.brief(run.config["model"]), 30),
    }
    figure = family.figures[0] if family.figures else None
    reading = figure.read(read_summary(run)) if figure else None
    if reading is None:
        return line | {"figure": "not measured", "value": "", "beside it": ""}
    beside = [f"{words} {figure.words(value)}" for words, value in reading.beside.items()]
    return line | {
        "figure": figure.name,
        "value": figure.words(reading.value),
        "beside it": " · ".join(beside),
    }


st.dataframe(
    [row(run) for run in runs],
    hide_index=True,
    column_config={
        "figure": st.column_config.TextColumn(
            help="On the test images. Of a negative ELBO or a Fréchet distance less is better, of "
            "an accuracy more."
        ),
        "beside it": st.column_config.TextColumn(
            help="Floors and simple baselines, of the same images: no score stands alone."
        ),
    },
)
with_genlab = ("mnist", "fashion")
origins = {load_split(run.dataset, "test").origin for run in runs if run.dataset in with_genlab}
if origins:
    st.caption("Data in use: " + "; ".join(sorted(origins)) + ".")

st.subheader("Where to start")
st.markdown(
    """
1. Open **Latent maps** and draw a loop around one colour: the same images light up in both maps.
2. Open **Latent sliders**, drag the first dimension, then start from a test image of your choice.
3. Open **GAN progression** and drag the cursor from the first update to the last.
4. Open **Siamese pairs** and drag the threshold over the valley between the two hills.
5. Train your own in about a minute: `python -m genlab train vae-fashion --set latent_dim=2`.
"""
)
