"""The front door: `streamlit run app.py`."""

import streamlit as st

from genlab.ui.owner import MIDDLEWARE
from genlab.ui.routes import ROUTES
from genlab.ui.warm import lifespan

app = st.App("genlab/ui/main.py", routes=ROUTES, middleware=MIDDLEWARE, lifespan=lifespan)
