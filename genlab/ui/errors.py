"""How a page shows what a visitor can mend."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from genlab.errors import GenLabError
from genlab.ui.hostile import literal


@contextmanager
def shown_errors() -> Iterator[None]:
    """Show a GenLabError as one sentence. A fragment that may fail opens this in its own body."""
    try:
        yield
    except GenLabError as error:
        st.error(literal(str(error)), icon=":material/error:")
