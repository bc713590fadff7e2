"""The verbs of the queue: what waits and runs there, and the worker that trains it."""

import argparse

from genlab.cli.figures import describe
from genlab.runs.folder import Run


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
