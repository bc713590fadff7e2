"""The command line. Every verb prints one clear sentence when something cannot be done."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout

from genlab.cli.exchange import export, import_checkpoint, register
from genlab.cli.figures import evaluate, list_all
from genlab.cli.jobs import change_job, show_jobs, work
from genlab.cli.training import train
from genlab.errors import GenLabError
from genlab.registration.arguments import add_arguments

FIRST_WORD = 5.0  # seconds in which the first of several processes says what is wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit status: 0, or 1 after an error that a person can mend."""
    if os.environ.get("RANK", "0") == "0":
        return run_verb(arguments)
    return run_silently(arguments)


def run_verb(arguments: Sequence[str] | None) -> int:
    options = parser().parse_args(arguments)
    try:
        options.run(options)
    except GenLabError as error:
        print(f"genlab: {error}", file=sys.stderr)
        return 1
    return 0


def run_silently(arguments: Sequence[str] | None) -> int:
    """As one of torchrun's processes beyond the first: what there is to say, that one says."""
    status = 1
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        try:
            status = run_verb(arguments)
            return status
        finally:
            if status:  # torchrun ends all processes once one has failed: let the first be that one
                time.sleep(FIRST_WORD)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m genlab", description="Train, measure and exchange generative models."
    )
    verbs = top.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, run: Callable[[argparse.Namespace], None], text: str):
        command = verbs.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        return command

    verb("list", list_all, "List the recipes and the runs on this machine.")

    command = verb("train", train, "Train a recipe; Ctrl-C keeps the best epoch so far.")
    command.add_argument("recipe", help="a recipe's name, as `list` shows")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="settings",
        help="change a setting of the recipe, such as latent_dim=2; may be repeated",
    )
    command.add_argument("--name", help="the run's name (default: the recipe's, numbered)")
    command.add_argument("--data-root", help="a folder in torchvision's layout")
    command.add_argument(
        "--log", choices=["tensorboard"], help="also write the curves and pictures as event files"
    )
    command.add_argument(
        "--background", action="store_true", help="queue it as a job and return at once"
    )
    measuring(command)

    verb("jobs", show_jobs, "List the jobs, newest first.")
    for name, text in (
        ("stop", "End a job; what it has learned so far becomes a run."),
        ("pause", "Hold a running job where it is."),
        ("resume", "Let a paused or failed job go on."),
        ("clear", "Forget an ended job; its run stays."),
    ):
        command = verb(name, change_job, text)
        command.add_argument("job", type=int, help="its number, as `jobs` shows")
        command.set_defaults(act=name)

    command = verb("evaluate", evaluate, "Compute every figure of a run from weights and data.")
    command.add_argument("name")
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.add_argument("--keep", action="store_true", help="also store what was computed")
    measuring(command)

    command = verb("import", import_checkpoint, "Turn somebody else's checkpoint into a run.")
    command.add_argument("file")
    command.add_argument("--name", help="the run's name (default: the file's)")
    command.add_argument("--dataset", help="what it was trained on (default: the best fit)")

    command = verb("work", work, "Train queued jobs until there are none for ten minutes.")
    command.add_argument("--job", type=int, help="train this one, and only this one")

    command = verb("register", register, "Move one point cloud onto another, by EM or ICP.")
    add_arguments(command)

    command = verb("export", export, "Write a run as one file.")
    command.add_argument("name")
    command.add_argument(
        "--format",
        default="zip",
        help="zip (the folder), safetensors, onnx (the decoder) or hub (a Hugging Face repository)",
    )
    command.add_argument("--to", metavar="FILE", help="where to (default: the run's name here)")
    return top


def measuring(command: argparse.ArgumentParser) -> None:
    """The options of every verb that computes figures."""
    command.add_argument(
        "--iwae",
        type=int,
        default=100,
        metavar="K",
        help="latents an image for the importance-weighted bound; 0 leaves it out (default: 100)",
    )
    command.add_argument(
        "--maps",
        default="pca,tsne",
        help="maps to make and score, of pca, tsne, umap, tsne-sklearn; all; or none "
        "(default: pca,tsne)",
    )
    command.add_argument(
        "--no-probe",
        action="store_false",
        dest="probe",
        help="leave out the linear probes of a GAN's discriminator, which take a minute or so",
    )
