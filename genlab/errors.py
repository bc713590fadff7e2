"""The one error that a visitor can mend."""


class GenLabError(Exception):
    """One clear sentence: what was found, then the mend. Shown as it is, never as a traceback."""
