"""How a page shows what a visitor can mend."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from genlab.errors import GenLabError


@contextmanager
def shown_errors() -> Iterator[None]:
    """Show a GenLabError as one sentence. A fragment that may fail opens this in its own body."""
    try:
        yield
    except GenLabError as error:
        st.error(str(error), icon=":material/error:")
