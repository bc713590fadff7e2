"""What a visitor does with one run on the Checkpoints page: take it along, rename, tag, delete it,
and take a deletion back."""

import math
import time
from datetime import date
from functools import partial

import streamlit as st

from genlab.errors import GenLabError
from genlab.jobs.desk import Visitor, disk_use, may_change, read_limits
from genlab.jobs.queue import ENDED, list_jobs
from genlab.runs.exports import Format, check_export, export_apart, formats_of
from genlab.runs.folder import Run, check_free, find_run, is_shipped, list_runs
from genlab.runs.manage import (
    MAX_TAGS,
    Deleted,
    delete_run,
    list_trash,
    read_tags,
    remove_for_good,
    rename_run,
    restore_run,
    sweep_trash,
    tag_run,
)
from genlab.ui.checkpoints_view import open_run, renamed
from genlab.ui.hostile import literal, shown_literally
from genlab.ui.owner import owner_words

AT_ONCE = ("onnx", "hub")  # made when the popover opens, for they may fail with a sentence
DELETED = "checkpoints.deleted"  # the trash entry of the run deleted last
REFUSED = "checkpoints.refused"  # why a change was not made


def owner_of(run: Run) -> str | None:
    """As `jobs.desk.may_change` takes it."""
    return None if is_shipped(run) else run.owner


def check_unclaimed(name: str) -> str:
    """The name itself, if it is free and no job will need it."""
    check_free(name)
    if any(job.name == name and job.state not in ENDED for job in list_jobs()):
        raise GenLabError(f'A job is making a run "{name}"; choose another name.')
    return name


def check_room(visitor: Visitor) -> None:
    """Refuse another import to whoever has used up their share of the disk."""
    if visitor.teacher:
        return
    used, limit = disk_use(visitor), read_limits().disk_mb
    if used > limit * 1e6:
        raise GenLabError(
            f"Your runs take {used / 1e6:,.0f} MB and the limit is {limit:,}; delete some and "
            "empty the trash first."
        )


# Export


def export_popover(run: Run) -> None:
    menu = st.popover(
        "Export", icon=":material/download:", key="checkpoints.export", on_change="rerun"
    )
    if not menu.open:
        return
    with menu:
        for kind, form in formats_of(run).items():
            with shown_literally():
                export_button(run, kind, form)


def export_button(run: Run, kind: str, form: Format) -> None:
    if form.torch:
        check_export(run, kind)
        content = partial(export_apart, run, kind)
    else:
        content = form.make(run) if kind in AT_ONCE else partial(form.make, run)
    st.download_button(
        form.title,
        content,
        run.name + form.ending,
        "application/zip" if form.ending.endswith(".zip") else "application/octet-stream",
        key=f"checkpoints.export.{kind}",
        icon=":material/download:",
        on_click="ignore",
        width="stretch",
    )
    st.caption(form.words)


# Rename, tag, delete


def manage_popover(run: Run, visitor: Visitor) -> None:
    with st.popover("Manage", icon=":material/edit:", key="checkpoints.manage"):
        owner = owner_of(run)
        if owner is None:
            st.caption(
                f"{run.name} came with GenLab: nobody renames or deletes it. Export it and import "
                "the zip under another name to have one of your own."
            )
        elif not may_change(owner, visitor):
            st.caption(
                f"{run.name} was made by {literal(owner_words(owner, visitor))}; whoever made a "
                "run, or the teacher, may rename, tag and delete it."
            )
        else:
            with shown_literally():
                rename_form(run, visitor)
            tag_choice(run, visitor)
            delete_button(run, visitor)


def check_change(name: str, visitor: Visitor) -> None:
    """Ask again at the moment of the change: the page may be an hour old."""
    if not may_change(owner_of(find_run(name)), visitor):
        raise GenLabError(f'"{name}" is somebody else\'s run; ask them, or the teacher.')


def rename_form(run: Run, visitor: Visitor) -> None:
    with st.form(f"checkpoints.rename.{run.name}", border=False):
        name = st.text_input(
            "Name", run.name, max_chars=64, key=f"checkpoints.newname.{run.name}"
        ).strip()
        if st.form_submit_button("Rename", width="stretch") and name != run.name:
            check_change(run.name, visitor)
            check_unclaimed(name)
            rename_run(run.name, name)
            renamed(run.name, name)
            st.rerun()


def tag_choice(run: Run, visitor: Visitor) -> None:
    key = f"checkpoints.tags.{run.name}"
    known = sorted({tag for other in list_runs() for tag in read_tags(other)})

    def save() -> None:
        try:
            check_change(run.name, visitor)
            st.session_state[key] = tag_run(run.name, st.session_state[key])
        except GenLabError as error:
            st.session_state[REFUSED] = str(error)
            st.session_state[key] = read_tags(run)

    if key not in st.session_state:
        st.session_state[key] = read_tags(run)
    st.multiselect(
        "Tags",
        known,
        key=key,
        accept_new_options=True,
        max_selections=MAX_TAGS,
        placeholder="Choose or type a tag",
        on_change=save,
    )


def delete_button(run: Run, visitor: Visitor) -> None:
    def delete() -> None:
        try:
            check_change(run.name, visitor)
            st.session_state[DELETED] = delete_run(run.name)
            renamed(run.name, "")
        except GenLabError as error:
            st.session_state[REFUSED] = str(error)

    st.button(
        "Delete",
        icon=":material/delete:",
        key="checkpoints.delete",
        width="stretch",
        on_click=delete,
        help="It stays in the trash for a week.",
    )


# The trash


def undo_row() -> None:
    """The last deletion, with the way back."""
    state = st.session_state
    if refused := state.pop(REFUSED, None):
        st.error(literal(refused), icon=":material/error:")
    entry = state.get(DELETED)
    if entry is None or entry not in {deleted.entry for deleted in list_trash()}:
        return
    name = entry.partition("~")[0]
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/delete: **{name}** is in the trash.", width="stretch")
        if st.button("Undo", key="checkpoints.undo", icon=":material/undo:", type="primary"):
            with shown_literally():
                take_back(entry, name)
        if st.button("Hide", key="checkpoints.deleted.seen"):
            state.pop(DELETED)
            st.rerun()


def take_back(entry: str, name: str) -> None:
    check_unclaimed(name)
    run = restore_run(entry, name)
    st.session_state.pop(DELETED, None)
    open_run(run.name)
    st.rerun()


def trash_expander(visitor: Visitor) -> None:
    """The deleted runs that a visitor may restore."""
    sweep_trash()
    mine = [d for d in list_trash() if may_change(d.run.owner, visitor)]
    if not mine:
        return
    with st.expander(f"Trash ({len(mine)})", icon=":material/delete:", key="checkpoints.trash"):
        for deleted in mine:
            with shown_literally():
                trash_row(deleted)
        with st.popover("Empty the trash", width="stretch", key="checkpoints.empty"):
            what = "This run" if len(mine) == 1 else f"These {len(mine)} runs"
            st.markdown(f"{what} will be gone for good.")
            if st.button("Empty it now", key="checkpoints.empty.now", type="primary"):
                with shown_literally():
                    for deleted in mine:
                        remove_for_good(deleted.entry)
                    st.rerun()


def trash_row(deleted: Deleted) -> None:
    name, entry = deleted.run.name, deleted.entry
    days = max(0, math.ceil((deleted.ends - time.time()) / 86400))
    when = date.fromtimestamp(deleted.when).isoformat()
    st.markdown(f"**{name}**  \n:small[deleted {when}, {days} days left]")
    taken = any(run.name == name for run in list_runs())
    if taken:
        name = st.text_input(
            f"There is another {name} now; restore it as",
            max_chars=64,
            key=f"checkpoints.restore.as.{entry}",
        ).strip()
    if st.button(
        "Restore", icon=":material/undo:", key=f"checkpoints.restore.{entry}", width="stretch"
    ):
        take_back(entry, name)
