"""The verb that trains: a run of its own, a job for the worker, or one of torchrun's processes."""

import argparse
import os
import sys

from genlab.cli.figures import describe, note, print_figures, read_methods
from genlab.cli.progress import ProgressLine
from genlab.errors import GenLabError
from genlab.runs.folder import Run, check_name, list_runs


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


def read_settings(pairs: list[str]) -> dict[str, str]:
    settings = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise GenLabError(f'--set takes KEY=VALUE, such as epochs=5; "{pair}" has no "=".')
        settings[key.strip()] = value.strip()
    return settings


def free_name(recipe: str) -> str:
    """The recipe's own name if no run has it, else the first free number behind it."""
    taken = {run.name for run in list_runs()}
    names = (recipe if n == 1 else f"{recipe}-{n}" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)
