"""The front door: `streamlit run app.py`."""

import streamlit as st

from genlab.ui.routes import ROUTES
from genlab.ui.warm import lifespan

app = st.App("genlab/ui/main.py", routes=ROUTES, lifespan=lifespan)
