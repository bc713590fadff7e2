"""Kill workers, training processes and servers at random while jobs train; nothing may be lost.

    pip install -r requirements-dev.txt
    python -m benchmarks.faults [--kills 50] [--jobs 6] [--seed 0]

A few small jobs are queued in a GENLAB_HOME of their own. Until enough kills (SIGKILL) have
happened, a random victim is chosen every so often: the worker, a job's process, the Streamlit
server, or all at once; whatever a user's machine would start again is started again. At the end
every run must be there, load, and hold the very weights of the same job trained without any
interruption.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.browser.server import ROOT, free_port

SETTINGS = {"epochs": "40", "hidden": "32", "latent_dim": "2"}


def processes(home: str) -> dict[str, list[int]]:
    """Process ids under this GENLAB_HOME: worker, jobs, servers."""
    found: dict[str, list[int]] = {"worker": [], "job": [], "server": []}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"GENLAB_HOME={home}\0".encode() not in (folder / "environ").read_bytes():
                continue
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"streamlit" in words:
            found["server"].append(int(folder.name))
        elif b"--job" in words:
            found["job"].append(int(folder.name))
        elif b"work" in words:
            found["worker"].append(int(folder.name))
    return found


def kill(pids: list[int]) -> int:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return len(pids)


def start_server() -> None:
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    subprocess.Popen(
        [*command, "--server.port", str(free_port())],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--jobs", type=int, default=6)
    options.add_argument("--seed", type=int, default=0)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"GENLAB_HOME": home, "OMP_NUM_THREADS": "1", "GENLAB_SAVE_EVERY": "0.5"}
        try:
            killed = storm(asked, home)
            judge(asked, killed)
        finally:
            for pids in processes(home).values():
                kill(pids)


def storm(asked: argparse.Namespace, home: str) -> Counter:
    from genlab.jobs.desk import COMMAND_LINE, slow_motion, submit_run
    from genlab.jobs.queue import ENDED, list_jobs
    from genlab.jobs.worker import ensure_worker
    from genlab.training.recipes import RECIPES, with_settings

    for seed in range(asked.jobs):
        config = with_settings(RECIPES["cvae-fashion"], SETTINGS | {"seed": str(seed)})
        job = submit_run(config.to_dict(), f"job-{seed}", COMMAND_LINE)
        slow_motion(job.id, 0.002, COMMAND_LINE)  # so that there is something to interrupt
    chance, killed, started = random.Random(asked.seed), Counter(), time.monotonic()
    while any(job.state not in ENDED for job in list_jobs()):
        ensure_worker()
        if not processes(home)["server"]:
            start_server()
        time.sleep(chance.uniform(0.5, 6.0))
        if sum(killed.values()) < asked.kills:
            now, victim = processes(home), chance.choice(["worker", "job", "server", "all"])
            for kind in now if victim == "all" else [victim]:
                killed[kind] += kill(now[kind])
        else:
            for job in list_jobs():
                slow_motion(job.id, 0.0, COMMAND_LINE)
        states = Counter(job.state for job in list_jobs())
        print(
            f"\r{time.monotonic() - started:5.0f} s  killed {dict(killed)}  jobs {dict(states)}   ",
            end="",
            file=sys.stderr,
        )
    print(file=sys.stderr)
    return killed


def judge(asked: argparse.Namespace, killed: Counter) -> None:
    import numpy as np

    from genlab.jobs.queue import list_jobs
    from genlab.runs.folder import find_run, load_tensors
    from genlab.runs.recording import record_run
    from genlab.training.recipes import config_from_dict
    from genlab.training.session import prepare

    lost = corrupt = different = 0
    for job in list_jobs():
        if job.state != "done":
            lost += 1
            print(f"{job.name} is {job.state}: {job.message}")
            continue
        config = config_from_dict(job.config)
        session = prepare(config)
        name = f"{job.name}-whole"
        whole = record_run(
            name, config, session.step, session.records(), data_origin=session.origin
        )
        try:
            found = load_tensors(find_run(job.name))
        except Exception as error:  # any kind of it would be the failure that is counted here
            corrupt += 1
            print(f"{job.name}: {error}")
            continue
        expected = load_tensors(whole)
        different += not all(np.array_equal(found[key], expected[key]) for key in expected)
    print("| killed | jobs | lost | corrupt | different from an uninterrupted run |")
    print("|---|---|---|---|---|")
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(killed.items()))
    print(f"| {sum(killed.values())}: {kinds} | {asked.jobs} | {lost} | {corrupt} | {different} |")
    if lost or corrupt or different:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
