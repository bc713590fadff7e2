"""The form of a new training: its widgets, and what they say."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from genlab.data.catalogue import KNOWN
from genlab.data.images import count_images, find_split
from genlab.errors import GenLabError
from genlab.jobs.queue import ENDED, Job
from genlab.jobs.recipe_book import Book
from genlab.runs.folder import check_free, list_runs
from genlab.ui.train_settings import (
    MOST_SEEDS,
    Setting,
    Wish,
    build_config,
    datasets_for,
    fill_from_recipe,
    key_of,
    recipe_values,
    settings_of,
    shown,
    starts_for,
)

DRAWN = "weights drawn by the seed"


def training_form(book: Book, jobs: list[Job]) -> tuple[Wish, DeltaGenerator]:
    """Show the form; return what it now says, and the place for its cost and its button."""
    state = st.session_state
    recipe = st.selectbox(
        "Recipe",
        list(book["recipes"]),
        key="train.recipe",
        help="A model and settings that are known to work.",
        on_change=lambda: fill_from_recipe(book, state["train.recipe"]),
    )
    standard = recipe_values(book, recipe)
    own = book["recipes"][recipe]["dataset"]
    dataset = st.selectbox(
        "Dataset" + mark(state["train.dataset"] != own),
        datasets_for(book, recipe),
        key="train.dataset",
        format_func=lambda name: KNOWN[name].title,
        help=f"The recipe has {KNOWN[own].title}.",
    )
    problem = None
    try:
        st.markdown(f":small[{data_in_use(dataset)}]")
    except GenLabError as error:
        problem = str(error)
    action = st.container(gap="xsmall")
    start = start_widget(book, recipe)
    settings = settings_of(book, recipe)
    plain = [setting for setting in settings if "group" not in setting]
    cells = in_pairs(len(plain) + 1)
    values = {
        setting["name"]: setting_widget(next(cells), setting, standard[setting["name"]])
        for setting in plain
    }
    seeds = next(cells).number_input(
        "Runs",
        1,
        MOST_SEEDS,
        key="train.seeds",
        help="Each with the next seed. Their curves are drawn as a mean in a band from the "
        "lowest to the highest: how much is chance?",
    )
    for group in dict.fromkeys(setting["group"] for setting in settings if "group" in setting):
        values |= folded(group, [s for s in settings if s.get("group") == group], standard)
    name, misnamed = name_widget(recipe, jobs)
    changed = {k: (standard[k], v) for k, v in values.items() if v != standard[k]}
    if dataset != own:
        changed = {"dataset": (own, dataset)} | changed
    if start != (first := book["recipes"][recipe]["start"]):
        changed["start"] = (first, start)
    config = build_config(book, recipe, dataset, values, start)
    show_changes(book, recipe, changed)
    named = bool(st.session_state["train.name"].strip())
    return Wish(recipe, config, changed, name, named, seeds, problem or misnamed), action


def start_widget(book: Book, recipe: str) -> str:
    """Whose weights the training begins with."""
    own = book["recipes"][recipe]["start"]
    return st.selectbox(
        "Start from" + mark(st.session_state["train.from"] != own),
        starts_for(book, recipe),
        key="train.from",
        format_func=lambda name: name or DRAWN,
        help="A run of this kind whose weights are taken over wherever name and shape fit: fine-"
        "tuning. It may have learned from images that are held out here.",
    )


def in_pairs(count: int) -> Iterator[DeltaGenerator]:
    """Cells in rows of two."""
    pairs = [st.columns(2, gap="small") for _ in range(math.ceil(count / 2))]
    return iter([cell for pair in pairs for cell in pair])


def folded(group: str, settings: list[Setting], standard: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that are changed less often, under a heading that opens; their values."""
    changed = any(st.session_state[key_of(s["name"])] != standard[s["name"]] for s in settings)
    with st.expander(group + mark(changed), key=f"train.group.{group}"):
        cells = in_pairs(len(settings))
        return {
            setting["name"]: setting_widget(next(cells), setting, standard[setting["name"]])
            for setting in settings
        }


def mark(is_changed: bool) -> str:
    return " ●" if is_changed else ""


def setting_widget(cell, setting: Setting, standard: Any) -> Any:
    """One setting: its range, unit and help, and a mark where it is not the recipe's."""
    key = key_of(setting["name"])
    now = st.session_state[key]
    unit = f", {setting['unit']}" if "unit" in setting else ""
    label = f"{setting['label']}{unit}{mark(now != standard)}"
    help_text = f"{setting['help']} The recipe has {shown(standard)}."
    if "choices" in setting:
        return cell.selectbox(label, setting["choices"], key=key, help=help_text)
    help_text += f" From {shown(setting['low'])} to {shown(setting['high'])}."
    if setting["kind"] == "int":
        return cell.number_input(
            label, setting["low"], setting["high"], step=setting.get("step", 1), key=key,
            help=help_text,
        )  # fmt: skip
    step = setting.get("step") or 10.0 ** math.floor(math.log10(now) - 1e-9)
    return cell.number_input(
        label, setting["low"], setting["high"], step=step, format="%g", key=key, help=help_text
    )


def name_widget(recipe: str, jobs: list[Job]) -> tuple[str, str | None]:
    """A run's name, typed or a free one made from the recipe's; and what is wrong with it."""
    free = free_name(recipe, jobs)
    typed = st.text_input(
        "Name of the run",
        key="train.name",
        placeholder=free,
        max_chars=60,
        help="Lower-case letters, digits, dots, hyphens and underscores.",
    ).strip()
    if not typed:
        return free, None
    try:
        return check_free(typed), None
    except GenLabError as error:
        return typed, str(error)


def free_name(stem: str, jobs: list[Job]) -> str:
    """The stem, numbered where a run or a living job has it, alone or with a seed behind it."""
    taken = {run.name for run in list_runs()}
    taken |= {job.name for job in jobs if job.state not in ENDED}
    taken |= {name.rpartition("-s")[0] for name in taken}
    names = (stem if n == 1 else f"{stem}-{n}" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def data_in_use(dataset: str) -> str:
    """Which training images there are here, for people; in orange where they are but a part.

    Raises:
        GenLabError: none are.
    """
    files = find_split(dataset, "train")
    count = count_images(files)
    words = files.origin(count).removeprefix(f"{files.info.title}, ")
    words = words.replace(" training images", "")
    return f":{'gray' if count >= files.info.train_count else 'orange'}[{words}]"


def show_changes(book: Book, recipe: str, changed: Mapping[str, tuple[Any, Any]]) -> None:
    if not changed:
        return
    words = ", ".join(f"{name} {shown(now) or DRAWN} (not {shown(own) or DRAWN})" for name,
                      (own, now) in changed.items())  # fmt: skip
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.caption(f"● {words}")
    right.button(
        "Reset",
        key="train.reset",
        width="stretch",
        type="tertiary",
        help="Back to the recipe's values.",
        on_click=lambda: fill_from_recipe(book, recipe),
    )
