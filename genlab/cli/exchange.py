"""The verbs that read and write other people's files: import, export, register."""

import argparse
from pathlib import Path

from genlab.cli.figures import describe, print_figures
from genlab.errors import GenLabError
from genlab.runs.folder import find_run


def import_checkpoint(options: argparse.Namespace) -> None:
    from genlab.explore.card import keep_card
    from genlab.runs.archive import import_any
    from genlab.runs.foreign import DoesNotFit

    path = Path(options.file)
    try:
        imported = import_any(path, options.name, options.dataset)
    except DoesNotFit as error:
        print(error.report.as_text())
        raise
    print(f"Imported {path.name} as {imported.run.name}.")
    for remark in imported.notes:
        print(f"  {remark}")
    print_figures(describe(imported.run, ["pca", "tsne"], probe=False))
    keep_card(imported.run)


def export(options: argparse.Namespace) -> None:
    from genlab.runs.exports import export_run

    name, content = export_run(find_run(options.name), options.format)
    target = Path(options.to or name)
    try:
        target.write_bytes(content)
    except OSError as error:
        raise GenLabError(f"{target} could not be written: {error.strerror}.") from error
    print(f"Wrote {target}.")


def register(options: argparse.Namespace) -> None:
    from genlab.registration.command import run

    run(options)
