"""The command line. Every verb prints one clear sentence when something cannot be done."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from genlab.errors import GenLabError
from genlab.registration.arguments import add_arguments
from genlab.runs.families import family_of
from genlab.runs.folder import Run, check_name, find_run, list_runs, read_summary

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


def list_all(options: argparse.Namespace) -> None:
    from genlab.training.recipes import RECIPES

    print("Recipes")
    for name, config in RECIPES.items():
        print(f"  {name:<18} {config.family} on {config.dataset}, {config.training.epochs} epochs")
    print("Runs")
    for run in list_runs():
        print(f"  {run.name:<18} {run.family} on {run.dataset}, {headline(read_summary(run))}")


def headline(figures: dict) -> str:
    """The first figure of a run's family, from its summary."""
    known = family_of(str(figures.get("family"))).figures
    reading = known[0].read(figures) if known else None
    if reading is None:
        return "not yet measured"
    return f"{known[0].name} {known[0].words(reading.value)} on test"


def train(options: argparse.Namespace) -> None:
    from genlab.training.recipes import find_recipe, with_settings

    config = with_settings(find_recipe(options.recipe), read_settings(options.settings))
    name = check_name(options.name) if options.name else free_name(options.recipe)
    methods = read_methods(options.maps)
    if options.background:
        if options.log:
            raise GenLabError("A job writes no event files; leave out --background or --log.")
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise GenLabError("A job is one process; leave out --background or torchrun.")
        queue_job(config, name)
        return

    from genlab.explore.card import keep_card
    from genlab.runs.models import start_weights
    from genlab.runs.tensorboard import check_tensorboard
    from genlab.training.device import use_one_thread
    from genlab.training.process_group import process_group, together, until_interrupted
    from genlab.training.session import prepare_together

    if options.log:
        check_tensorboard()
    weights = start_weights(config)  # before anything is fetched or waited for
    use_one_thread()
    with process_group() as shard:
        if options.data_root is None:
            together(shard, lambda: shard.local_rank == 0 and fetch_full_data(config.dataset))
        session = prepare_together(
            config, weights=weights, data_root=options.data_root, shard=shard
        )
        records = until_interrupted(shard, session.records())
        if shard.rank > 0:
            train_along(config, session, records)
            return
        run = write_down(name, config, session, records, shard.world, options.log)
    print(f"Kept {run.name}: the weights of epoch {run.config['made']['best_epoch']}.")
    if shard.world > 1 and run.config["made"]["stopped_early"]:
        # torchrun ends its processes half a minute after Ctrl-C, whatever they do
        print(f"For its figures: python -m genlab evaluate {run.name} --keep")
        return
    print_figures(describe(run, methods, options.iwae, probe=options.probe))
    keep_card(run)


def write_down(name: str, config, session, records, processes: int, log: str | None) -> Run:
    """Train, show how it goes, and keep the run."""
    from genlab.explore.gan_scores import scorer
    from genlab.runs.recording import record_run
    from genlab.runs.tensorboard import event_log
    from genlab.training.device import device_name

    crowd = f", {processes} processes" if processes > 1 else ""
    print(f"{name}: {config.family} on {session.origin}; {device_name(session.device)}{crowd}")
    progress, score = ProgressLine(config.training.epochs), scorer(config)
    keep = {"data_origin": session.origin, "score": score}
    if not log:
        return record_run(name, config, session.step, records, watch=progress, **keep)
    with event_log(name, session) as events:
        print(f"To follow it: tensorboard --logdir {events.folder.parent}")

        def watch(record) -> None:
            progress(record)
            events.take(record)

        run = record_run(name, config, session.step, records, watch=watch, **keep)
        events.keep(run)
        return run


def train_along(config, session, records) -> None:
    """Train as one of several processes, and leave the writing to the first."""
    from genlab.runs.recording import Recorder

    recorder = Recorder(config, session.step)
    for record in records:
        recorder.take(record)  # a broken loss ends all of them at the same record


def queue_job(config, name: str) -> None:
    """Leave a training to the worker process, which is started where none is alive."""
    from genlab.jobs.desk import COMMAND_LINE, submit_run
    from genlab.jobs.worker import ensure_worker

    job = submit_run(config.to_dict(), name, COMMAND_LINE)
    ensure_worker()
    print(f"Queued {name} as job {job.id}; `python -m genlab jobs` shows how it goes.")


def show_jobs(options: argparse.Namespace) -> None:
    from genlab.jobs.queue import list_jobs

    for job in list_jobs():
        done = f"{job.step} of {job.steps} updates" if job.steps else ""
        print(f"{job.id:>5}  {job.name:<24} {job.state:<8} {done:<24} {job.message}".rstrip())


def change_job(options: argparse.Namespace) -> None:
    """Stop, pause, resume or clear one job."""
    from genlab.jobs import desk
    from genlab.jobs.worker import ensure_worker

    getattr(desk, options.act)(options.job, desk.COMMAND_LINE)
    if options.act == "resume":
        ensure_worker()


def fetch_full_data(dataset: str) -> None:
    """Download the whole of a dataset that is here in part only, where the network allows it."""
    from genlab.data.download import download
    from genlab.data.images import load_split

    try:
        if load_split(dataset, "train").complete:
            return
        found = "training on the part that ships with GenLab"
    except GenLabError:
        found = ""
    note(f"Downloading {dataset}")
    try:
        download(dataset)
    except GenLabError as error:
        if not found:
            raise
        print(f"  {error} Until then: {found}.", file=sys.stderr)


def describe(
    run: Run, methods: list[str], iwae_samples: int = 100, keep: bool = True, probe: bool = True
) -> dict:
    from genlab.explore.evaluate import evaluate as compute

    return compute(
        run, methods=methods, iwae_samples=iwae_samples, probe=probe, keep=keep, say=note
    )


def evaluate(options: argparse.Namespace) -> None:
    from genlab.explore.card import keep_card

    run = find_run(options.name)
    methods = read_methods(options.maps)
    figures = describe(run, methods, options.iwae, options.keep, options.probe)
    if options.keep:
        keep_card(run)
    if options.json:
        print(json.dumps(figures, indent=1))
    else:
        print_figures(figures)


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


def register(options: argparse.Namespace) -> None:
    from genlab.registration.command import run

    run(options)


def export(options: argparse.Namespace) -> None:
    from genlab.runs.exports import export_run

    name, content = export_run(find_run(options.name), options.format)
    target = Path(options.to or name)
    try:
        target.write_bytes(content)
    except OSError as error:
        raise GenLabError(f"{target} could not be written: {error.strerror}.") from error
    print(f"Wrote {target}.")


def work(options: argparse.Namespace) -> None:
    if options.job is None:
        from genlab.jobs.worker import work as serve

        if not serve():
            print("A worker serves this GENLAB_HOME already.")
        return
    from genlab.explore.card import keep_card
    from genlab.explore.gan_scores import scorer
    from genlab.jobs.priority import after_the_pages
    from genlab.jobs.trainer import run_job
    from genlab.training.device import use_one_thread

    def measure(run: Run, stopped: bool) -> None:
        if stopped:  # somebody waits for the place: the rest is `evaluate --keep`
            describe(run, [], iwae_samples=0, probe=False)
        else:
            describe(run, ["pca", "tsne"])
        keep_card(run)

    after_the_pages()
    use_one_thread()
    run_job(options.job, measure, scorer)


def read_settings(pairs: list[str]) -> dict[str, str]:
    settings = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise GenLabError(f'--set takes KEY=VALUE, such as epochs=5; "{pair}" has no "=".')
        settings[key.strip()] = value.strip()
    return settings


def read_methods(text: str) -> list[str]:
    from genlab.explore.maps import METHODS

    methods = [] if text == "none" else [part.strip() for part in text.split(",")]
    if text == "all":
        methods = list(METHODS)
    for method in methods:
        if method not in METHODS:
            raise GenLabError(
                f'There is no map "{method}"; choose {", ".join(METHODS)}, all, none.'
            )
    return methods


def free_name(recipe: str) -> str:
    """The recipe's own name if no run has it, else the first free number behind it."""
    taken = {run.name for run in list_runs()}
    names = (recipe if n == 1 else f"{recipe}-{n}" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def note(what: str) -> None:
    print(f"  {what} …", file=sys.stderr)


def print_figures(figures: dict) -> None:
    """The figures of a run's family, each beside its floors, and what its maps know."""
    print(f"On {figures['data']}:")
    for figure in family_of(figures["family"]).figures:
        reading = figure.read(figures)
        if reading is None:
            continue
        beside = ", ".join(f"{words} {figure.words(n)}" for words, n in reading.beside.items())
        print(
            f"  {figure.name:<32} {figure.words(reading.value, figures):>10}"
            + (f"   ({beside})" if beside else "")
        )
    for space, scores in figures.get("maps", {}).items():
        trust = scores["trustworthiness"]
        shown = "" if trust is None else f", trustworthiness {trust:.3f}"
        print(
            f"  {space:<14} kNN {scores['knn_accuracy']:.3f} "
            f"(chance {figures['floors']['knn_chance']:.2f}), "
            f"silhouette {scores['silhouette']:+.3f}{shown}"
        )


class ProgressLine:
    """One line that is written over: epoch, steps a second, losses, time left."""

    def __init__(self, epochs: int) -> None:
        self.epochs, self.started, self.shown = epochs, time.monotonic(), 0.0
        self.clear = "\r\033[K" if sys.stdout.isatty() else ""

    def __call__(self, record) -> None:
        now = time.monotonic()
        if hasattr(record, "validation"):
            print(
                f"{self.clear}  epoch {record.epoch:>3} of {self.epochs}   "
                f"{epoch_figures(record)}   {record.seconds:.1f} s"
            )
            return
        if now - self.shown < 0.1 or not sys.stdout.isatty():
            return
        self.shown = now
        rate = record.step / max(now - self.started, 1e-9)
        left = (record.steps - record.step) / rate
        losses = "   ".join(f"{name} {value:.3g}" for name, value in record.losses.items())
        print(
            f"{self.clear}  epoch {record.epoch:>3} of {self.epochs}   {rate:.0f} steps/s   "
            f"{losses}   {left:.0f} s left",
            end="",
            flush=True,
        )


def epoch_figures(record) -> str:
    """What the line of an ended epoch shows: the loss of both splits, or all figures of the
    validation images where no one loss says how well it goes."""
    if "neg_elbo" in record.train:
        train, validation = record.train["neg_elbo"], record.validation["neg_elbo"]
        return f"train {train:.2f}   validation {validation:.2f}"
    figures = "   ".join(f"{name} {value:.4f}" for name, value in record.validation.items())
    return f"validation {figures}"
