"""The ten class colours, the same on every page and in every canvas."""

# M. A. Petroff, Accessible Color Sequences for Data Visualization, 2021, arXiv:2107.02270:
# ten colours kept apart for the common kinds of colour-blindness.
CLASS_COLOURS = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
