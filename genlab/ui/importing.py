"""Import by upload: the form, what follows it, and the report on a file that does not fit."""

import streamlit as st

from genlab.data.catalogue import DATASETS
from genlab.errors import GenLabError
from genlab.jobs.desk import Visitor
from genlab.runs.archive import import_any, name_of
from genlab.runs.folder import Run, check_name
from genlab.runs.foreign import DoesNotFit
from genlab.runs.foreign_misfit import Misfit, size
from genlab.ui.checkpoints_view import open_run
from genlab.ui.hostile import literal
from genlab.ui.run_actions import check_room, check_unclaimed

NAME = "checkpoints.name"
FIND_OUT = "Find out"


def import_form(visitor: Visitor) -> None:
    """Upload, dataset and name; what is typed stays when the import fails."""
    state = st.session_state
    upload_key = f"checkpoints.upload.{state.setdefault('checkpoints.uploads', 0)}"

    def new_file() -> None:
        upload = state[upload_key]
        state[NAME] = name_of(upload.name) if upload else ""
        state.pop("checkpoints.misfit", None)

    upload = st.file_uploader(
        "State dict or zipped run",
        key=upload_key,
        on_change=new_file,
        help="A .pth, .pt or .safetensors, or the zip of a run's folder. Nothing in it is run: a "
        "pickle that asks for more than tensors is refused, and of a zip only a run's own files "
        "are taken, each checked.",
    )
    dataset = st.selectbox(
        "Trained on",
        [FIND_OUT, *DATASETS],
        format_func=lambda name: DATASETS[name].title if name in DATASETS else name,
        key="checkpoints.dataset",
        disabled=upload is not None and upload.name.lower().endswith(".zip"),
        help="Find out takes the dataset whose test images a VAE reconstructs best. A zipped run "
        "says it itself.",
    )
    name = st.text_input("Name of the run", key=NAME, max_chars=64)
    pressed = st.button(
        "Import",
        key="checkpoints.import",
        type="primary",
        disabled=upload is None,
        width="stretch",
    )
    if upload is None or not pressed:
        return
    known = dataset if dataset in DATASETS else None
    try:
        check_unclaimed(check_name(name.strip()))
        check_room(visitor)
        found = import_any(
            upload.getvalue(), name.strip(), known, filename=upload.name, owner=visitor.id
        )
    except DoesNotFit as error:
        state["checkpoints.misfit"] = error.report
        return
    except GenLabError as error:
        st.error(literal(str(error)), icon=":material/error:")
        return
    run = found.run
    try:
        measure(run)
    except GenLabError as error:
        state["checkpoints.unmeasured"] = {run.name: str(error)}
    state["checkpoints.imported"] = (run.name, found.notes)
    state["checkpoints.uploads"] += 1  # an empty uploader for the next file
    open_run(run.name)
    st.rerun()


def measure(run: Run) -> None:
    """Compute and keep the figures of a run, as far as that takes seconds. The PCA map of a VAE
    follows from its latent means; the others are made on the maps page or by `evaluate --keep`, as
    are a GAN's linear probes.

    Raises:
        GenLabError: the test images are not here, or do not fit the model.
    """
    from genlab.explore.card import keep_card
    from genlab.explore.evaluate import evaluate  # torch loads with the first import

    with st.status(f"Measuring {run.name} …") as status:
        evaluate(
            run,
            methods=(),
            iwae_samples=0,
            probe=False,
            keep=True,
            say=lambda what: status.update(label=f"{what} …"),
        )
        try:
            keep_card(run)
        except (KeyError, TypeError, ValueError) as error:
            raise GenLabError(
                f"{run.name} is measured, but its config.json does not say all of how it was made; "
                "its card stays as it was."
            ) from error


def misfit_report(report: Misfit) -> None:
    """The X-ray of a file that can be read but not used."""
    st.subheader("This file does not fit", anchor=False)
    st.error(literal(report.summary), icon=":material/extension_off:")
    for reason in report.reasons[1:]:
        st.markdown(f"- {literal(reason[0].upper() + reason[1:])}")
    st.markdown(f"**Nearest known architecture:** {literal(report.nearest)}")
    compared = [("missing", name, "", size(shape)) for name, shape in report.missing]
    compared += [("another shape", n, size(a), size(b)) for n, a, b in report.reshaped]
    compared += [("extra", name, "", "") for name in report.extra]
    if compared:
        columns = ("what", "tensor", "in the file", "wanted")
        st.dataframe([dict(zip(columns, row, strict=True)) for row in compared], hide_index=True)
    total = sum(row.parameters for row in report.tensors)
    st.markdown(
        f"**{len(report.tensors):,} tensors, {total:,} numbers** ({literal(report.container)})"
    )
    st.dataframe(
        [
            {
                "tensor": row.name,
                "shape": size(row.shape),
                "type": row.dtype,
                "numbers": row.parameters,
                "finite": row.finite,
            }
            for row in report.tensors
        ],
        hide_index=True,
        column_config={"numbers": st.column_config.NumberColumn(format="localized")},
    )
    for note in report.notes:
        st.caption(literal(note))
