"""What somebody else wrote, made fit for use: words keep their meaning and lose their powers."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from genlab.errors import GenLabError

MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!<>$:~|&@^=\"'])")
LONGEST = 20_000  # characters of a card


def literal(text: str) -> str:
    """The text as Markdown that shows it letter by letter: no link, picture, colour or formula."""
    return MARKS.sub(r"\\\1", " ".join(text.split()))


def card_markdown(text: str) -> str:
    """A card that may be formatted but not fetch anything or shout.

    Pictures become their words, for one from elsewhere would tell that site who looks; HTML is
    shown as text by Streamlit. Front matter is left out, headings are small.
    """
    text = re.sub(r"\A---\n.*?\n---\n", "", text[:LONGEST], flags=re.DOTALL)
    text = text.replace("![", r"!\[").replace("<", "&lt;")
    text = re.sub(r"^\s{0,3}#{1,6}\s+", "##### ", text, flags=re.MULTILINE)
    return re.sub(r":(?=\w+\[|\w+:)", r"\\:", text)  # colours, icons and emoji of Streamlit


def number_of(told: Any) -> float | None:
    """A finite number, given as one or as text; None for anything else."""
    try:
        number = float(told)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) < 1e9 else None  # which nan is not


@contextmanager
def shown_literally() -> Iterator[None]:
    """Show a GenLabError, which may quote somebody's file, as one sentence letter by letter."""
    try:
        yield
    except GenLabError as error:
        st.error(literal(str(error)), icon=":material/error:")
