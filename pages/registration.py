"""Page: two point clouds moved onto one another by EM, step by step."""

import streamlit as st

from genlab.ui.registration_stage import show_registration
from genlab.ui.registration_words import LOOK_FOR, MATHS

show_registration()
st.subheader("What to look for")
st.markdown(LOOK_FOR)
with st.expander("The maths", icon=":material/function:"):
    st.markdown(MATHS)
