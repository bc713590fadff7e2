"""Page: what GenLab is, what is on this machine, and where to start."""

import os

import streamlit as st

from genlab.data.catalogue import DATASETS
from genlab.data.images import load_split
from genlab.runs.families import family_of
from genlab.runs.folder import Run, list_runs, read_summary
from genlab.runs.foreign_scan import plain
from genlab.ui.arrays import version_of
from genlab.ui.errors import shown_errors
from genlab.ui.machine import device
from genlab.ui.thumbnails import map_picture, samples_picture, traversal_picture

CARD = 235  # pixels: four in a row on a projector, fewer on a narrow screen

st.title("GenLab")
st.caption("Take a trained generative model in your hand: look at all of it, drag it, measure it.")

runs = [run for run in list_runs() if run.dataset in DATASETS]
if not runs:
    st.info("No runs yet. Train one with `python -m genlab train vae-fashion` and reload.")
    st.stop()


@st.cache_data(max_entries=32, show_spinner=False)
def thumbnail(kind: str, name: str, version: str) -> bytes:
    run = next(run for run in runs if run.name == name)
    pictures = {"map": map_picture, "traversal": traversal_picture, "samples": samples_picture}
    return pictures[kind](run)


def lab(page: str, title: str, kind: str, name: str, icon: str, words: str) -> None:
    """One card of the gallery, with a picture made from the run `name`, or the first that the
    picture can be made of, if there is one."""
    wanted = "samples" if kind == "samples" else "reconstructions"
    fitting = [run for run in runs if family_of(run.family).portrait == wanted]
    run = next((run for run in fitting if run.name == name), fitting[0] if fitting else None)
    with gallery.container(border=True, width=CARD, height="stretch"):
        with shown_errors():
            if run is not None:
                st.image(thumbnail(kind, run.name, version_of(run)), width="stretch", alt=words)
        st.page_link(f"../../pages/{page}.py", label=f"**{title}**", icon=icon)
        st.markdown(words)


st.html(f"<style>.st-key-home-gallery > * {{ flex: 1 1 {CARD}px !important; }}</style>")
gallery = st.container(horizontal=True, gap="small", key="home.gallery")
lab(
    "maps", "Latent maps", "map", "vae-fashion", ":material/scatter_plot:",
    "Lay two models' maps of 10,000 images side by side, lasso a cluster in one and find it in "
    "the other. Which model knows the classes?",
)  # fmt: skip
lab(
    "sliders", "Latent sliders", "traversal", "vae-fashion", ":material/tune:",
    "Drag one number of twenty and watch a sleeve grow. Walk from a boot to a bag, or the same "
    "z under ten labels.",
)  # fmt: skip
lab(
    "gan", "GAN progression", "samples", "dcgan32-mnist", ":material/movie:",
    "Watch digits grow out of noise, several GANs in step: their losses, what the discriminator "
    "says, and which digits get lost.",
)  # fmt: skip
lab(
    "checkpoints", "Checkpoints", "map", "vae2d-mnist", ":material/inventory_2:",
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


def row(run: Run) -> dict[str, str]:
    """A line of the table: the family's first figure, and what it is to be seen beside."""
    family = family_of(run.family)
    line = {
        "run": run.name,
        "model": plain(family.short, 12),
        "data": DATASETS[run.dataset].title,
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
origins = {load_split(run.dataset, "test").origin for run in runs if run.dataset != "kmnist"}
st.caption("Data in use: " + "; ".join(sorted(origins)) + ".")

st.subheader("Where to start")
st.markdown(
    """
1. Open **Latent maps** and draw a loop around one colour: the same images light up in both maps.
2. Open **Latent sliders**, drag the first dimension, then start from a test image of your choice.
3. Open **GAN progression** and drag the cursor from the first update to the last.
4. Train your own in about a minute: `python -m genlab train vae-fashion --set latent_dim=2`.
"""
)
