"""The router: every page is one line here."""

import pandas  # noqa: F401  Plotly reads it as it finds it: whole, not half loaded by `warm`
import streamlit as st

from genlab.places import ROOT
from genlab.ui.errors import shown_errors

PAGES = ROOT / "pages"
# Streamlit leaves a hand's breadth above the title; a first screen has better use for it.
TIGHTER = "<style>.stMainBlockContainer { padding: 2.5rem 3.5rem; }</style>"

st.set_page_config(page_title="GenLab", page_icon=ROOT / "genlab/ui/icon.png", layout="wide")
page = st.navigation(
    {
        "": [
            st.Page(PAGES / "home.py", title="Home", icon=":material/home:", default=True),
        ],
        "Train": [
            st.Page(PAGES / "train.py", title="Train", icon=":material/model_training:"),
        ],
        "Explore": [
            st.Page(PAGES / "maps.py", title="Latent maps", icon=":material/scatter_plot:"),
            st.Page(PAGES / "sliders.py", title="Latent sliders", icon=":material/tune:"),
            st.Page(PAGES / "siamese.py", title="Siamese pairs", icon=":material/compare:"),
            st.Page(PAGES / "gan.py", title="GAN progression", icon=":material/movie:"),
            st.Page(PAGES / "registration.py", title="EM registration", icon=":material/join:"),
        ],
        "Runs": [
            st.Page(PAGES / "checkpoints.py", title="Checkpoints", icon=":material/inventory_2:"),
        ],
    }
)
st.set_page_config(page_title=f"{page.title} · GenLab")
st.html(TIGHTER)
with shown_errors():
    page.run()
