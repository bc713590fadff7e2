"""A class at work: simulated students start, watch and stop small jobs on one real server.

    pip install -r requirements-dev.txt
    python -m benchmarks.students [--students 30] [--minutes 10] [--seed 0] [--json]

The server runs on a GENLAB_HOME of its own; the Train page has been opened once before the class
comes. Each student is a websocket client with a cookie of their own (benchmarks/streamlit_client).
They come within the first 20 seconds and act every 2 to 6 s: set up a small job, by a link or with
the widgets, start it, watch it, turn the chart, look at another's, stop it or let it end, start
the next, now and then a second one beside it, visit Latent maps and Latent sliders. All the while
their pages rerun themselves by the timers that the server asked for.

Latency runs from the moment an event was due to the end of the script run that answers it. When
events are due is drawn beforehand, so that a slow server is offered as many: an event that comes
due before the last one is answered is sent right after that answer, and the time it has waited
counts. Timers are not even held up by that, as in a browser. What this leaves out is the browser's
painting and the network; what it adds is the driver itself, which shares the server's machine.

The exit status is 1 after any error, lost job or unfair start.
"""

import argparse
import asyncio
import base64
import json
import math
import os
import random
import re
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from websockets.exceptions import WebSocketException

from benchmarks.faults import kill, processes
from benchmarks.streamlit_client import Request, Tab
from genlab.errors import GenLabError
from genlab.jobs.desk import COMMAND_LINE, stop
from genlab.jobs.queue import ENDED, Job, list_jobs, waiting
from genlab.places import new_runs
from genlab.runs.folder import find_run, load_tensors
from genlab.ui.owner import COOKIE, visitor_id_of
from genlab.ui.train_settings import key_of
from tests.browser.server import running_server

TARGET = 300.0  # milliseconds, p95 of page events while a job trains
ARRIVAL = 20.0  # seconds in which all students come
THINK = (2.0, 6.0)  # seconds between two acts
STAYS = (15.0, 90.0)  # seconds after which a student stops a job that has not ended
POPOVERS = ("train.curves", "train.all")
KNOBS = ("train.smoothing", "train.log", "train.floors")
AT_ONCE = 3  # living jobs of one student, at most
DRAIN = 300.0  # seconds after class in which what trains must have ended
# A page may say these without anything being wrong: two visitors asked for the same at one moment
REFUSALS = re.compile(r"has ended already|A job is making a run|There is a run|which is the limit")


# --- a student -----------------------------------------------------------------------------------


@dataclass
class Student:
    tab: Tab
    chance: random.Random
    page: str = "train"
    jobs: dict[int, float] = field(default_factory=dict)  # id -> when it is stopped at the latest
    settings: int = 0  # still to be changed before the next start

    async def attend(self, moments: list[float]) -> None:
        """Come at the first moment, act at each of the others, and leave."""
        first, *later = moments
        await sleep_until(first)
        by_link = self.chance.random() < 0.5
        self.settings = 0 if by_link else 3
        try:
            await self.tab.open("train", first, self.link() if by_link else "")
            for due in later:
                await sleep_until(due)
                await self.act(due)
        except (LookupError, OSError, WebSocketException) as error:
            self.tab.problems.append(f"a student is stuck: {error}")
        finally:
            await self.tab.close()

    def link(self) -> str:
        hidden, epochs = self.chance.randint(8, 32), self.chance.randint(2, 40)
        return f"recipe=vae-fashion&hidden={hidden}&epochs={epochs}&latent_dim=2"

    async def act(self, due: float) -> None:
        if self.page != "train":
            await self.look_around(due)
            return
        if popover := self.open_popover():
            await self.turn_the_chart(popover, due)
            return
        living = self.living()
        many = 1 if self.chance.random() < 0.85 else AT_ONCE
        if len(living) < many:
            await self.prepare_or_start(due)
            return
        tired = [job for job in living if self.jobs[job] < due and not self.is_stopping(job)]
        if tired:
            await self.end(tired[0], due)
        elif self.chance.random() < 0.25:
            self.page = self.chance.choice(["maps", "sliders"])
            await self.tab.go(self.page, due)
        else:
            await self.click_about(due)

    def living(self) -> list[int]:
        """This student's jobs that have not ended, as their page shows them."""
        icons = {job: self.tab.look(f"train.show.{job}") for job in self.jobs}
        over = ("check_circle", "stop_circle", "error")
        return [
            job
            for job, chip in icons.items()
            if chip is not None and not any(word in chip.proto.icon for word in over)
        ]

    def is_stopping(self, job: int) -> bool:
        return "stopping" in self.tab.find(f"train.show.{job}").proto.label

    async def prepare_or_start(self, due: float) -> None:
        if self.settings > 0:
            self.settings -= 1
            name, low, high = [("seed", 0, 99), ("epochs", 2, 40), ("hidden", 8, 32)][self.settings]
            await self.tab.put(key_of(name), self.chance.randint(low, high), due)
            return
        before = self.shown_jobs()
        request = await self.tab.press("train.start", due)
        if request.cut_off or not request.answered.is_set():
            return  # whatever came of it, the page does not show it
        new = self.shown_jobs() - before
        self.jobs |= dict.fromkeys(new, due + self.chance.uniform(*STAYS))
        boxes = [x.proto.body for x in self.tab.elements.values() if x.kind == "alert"]
        if not new and not any(REFUSALS.search(plain(text)) for text in boxes):
            self.tab.problems.append("Start started nothing")
        self.settings = self.chance.randint(0, 2)

    def shown_jobs(self) -> set[int]:
        """The jobs that the page's address names."""
        found = re.search(r"(?:^|&)jobs=([\d-]+)", self.tab.query)
        return {int(number) for number in found[1].split("-")} if found else set()

    async def end(self, job: int, due: float) -> None:
        """Press Stop; on a job that is not on show, choose that first."""
        if self.tab.look(f"train.stop.{job}"):
            await self.tab.press(f"train.stop.{job}", due)
        else:
            await self.tab.press(f"train.show.{job}", due)

    async def click_about(self, due: float) -> None:
        """Show anybody's job, or open what lies behind a button."""
        chips = [
            shown.proto.id.partition("-train.show.")[2]
            for shown in self.tab.elements.values()
            if "-train.show." in getattr(shown.proto, "id", "")
        ]
        popovers = [key for key in POPOVERS if self.tab.look(key)]
        if popovers and self.chance.random() < 0.5:
            await self.tab.put(self.chance.choice(popovers), True, due)
        else:
            await self.tab.press(f"train.show.{self.chance.choice(chips)}", due)

    def open_popover(self) -> str | None:
        shown = {key: self.tab.look(key) for key in POPOVERS}
        values = self.tab.values
        return next((k for k, x in shown.items() if x and values[x.proto.id].bool_value), None)

    async def turn_the_chart(self, popover: str, due: float) -> None:
        """Turn a knob in the open popover, if it has any, or close it."""
        tab = self.tab
        knobs = [key for key in KNOBS if tab.look(key)]
        if not knobs or self.chance.random() < 0.4:
            await tab.put(popover, False, due)
            return
        widget = tab.find(key := self.chance.choice(knobs))
        if widget.kind == "slider":
            await tab.put(key, [float(self.chance.randint(0, 95))], due)
        else:
            await tab.put(key, not tab.values[widget.proto.id].bool_value, due)

    async def look_around(self, due: float) -> None:
        """On another page: a lasso or a drag, then back to training."""
        tab = self.tab
        if self.chance.random() < 0.5:
            self.page = "train"
            await tab.go("train", due)
        elif self.page == "maps":
            version = component_data(tab, "maps.component")["selection_version"]
            bits = base64.b64encode(self.chance.randbytes(1250)).decode()  # one for each image
            choice = {"version": version, "selection": bits, "hidden": [], "cameras": [None, None]}
            await tab.tell("maps.component", "choice", choice, due)
        else:
            key = "sliders." + tab.values[tab.find("sliders.run").proto.id].string_value
            data = component_data(tab, key)
            z = [round(self.chance.gauss(0.0, 1.0), 3) for _ in range(data["latent_dim"])]
            names = ("label", "start", "other", "tab", "version")
            await tab.tell(key, "view", {"z": z} | {name: data[name] for name in names}, due)


def component_data(tab: Tab, key: str) -> dict:
    return json.loads(tab.find(key).proto.json)


async def sleep_until(moment: float) -> None:
    await asyncio.sleep(max(moment - time.perf_counter(), 0.0))


async def hold_class(url: str, asked: argparse.Namespace, lateness: list[float]) -> list[Student]:
    first = Tab(url)
    await first.open("train", time.perf_counter())
    await first.close()
    begin = time.perf_counter()
    students, hours = [], []
    for number in range(asked.students):
        students.append(Student(Tab(url), random.Random(f"{asked.seed}-{number}")))
        rhythm = random.Random(f"rhythm {asked.seed}-{number}")
        hours.append(moments(rhythm, begin, begin + 60 * asked.minutes))
    watch = asyncio.create_task(watch_lateness(lateness))
    await asyncio.gather(
        *(student.attend(own) for student, own in zip(students, hours, strict=True))
    )
    watch.cancel()
    return students


async def watch_lateness(lateness: list[float]) -> None:
    """How many ms late this process wakes: whatever that is, no latency can be told from it."""
    while True:
        due = time.perf_counter() + 0.05
        await asyncio.sleep(0.05)
        lateness.append(1000 * (time.perf_counter() - due))


def moments(rhythm: random.Random, begin: float, end: float) -> list[float]:
    """When a student comes, and then acts, whatever the server does."""
    found = [begin + rhythm.uniform(0.0, ARRIVAL)]
    while (following := found[-1] + rhythm.uniform(*THINK)) < end:
        found.append(following)
    return found


# --- the queue afterwards ------------------------------------------------------------------------


def dismiss() -> list[Job]:
    """After class: take what waits out of the queue, and wait for what trains."""
    for job in list_jobs():
        if job.state not in ENDED:
            stop(job.id, COMMAND_LINE)
    until = time.monotonic() + DRAIN
    while time.monotonic() < until and any(job.state not in ENDED for job in list_jobs()):
        time.sleep(0.5)
    return list_jobs()


def lost_jobs(students: list[Student], jobs: list[Job]) -> list[str]:
    """What the students' pages said of their jobs, against the table and the runs on disk."""
    found, by_id, owners = [], {job.id: job for job in jobs}, set()
    for student in students:
        owner = visitor_id_of(student.tab.cookies.get(COOKIE, ""))
        owners.add(owner)
        for number in student.jobs:
            if number not in by_id:
                found.append(f"job {number} is not in the queue's table")
            elif by_id[number].owner != owner:
                found.append(f"job {number} has another owner")
    found += [f"job {job.id} was started by nobody here" for job in jobs if job.owner not in owners]
    found += [f"job {job.id} is still {job.state}" for job in jobs if job.state not in ENDED]
    found += [f"job {job.id} failed: {job.message}" for job in jobs if job.state == "failed"]
    names = Counter(job.name for job in jobs if job.started)
    found += [f"{count} jobs made {name}" for name, count in names.items() if count > 1]
    for job in jobs:
        if job.state == "done" or (job.state == "stopped" and job.started):
            try:
                load_tensors(find_run(job.name))
            except (GenLabError, OSError, ValueError) as error:
                found.append(f"job {job.id} is {job.state} and its run is not there: {error}")
    return found


def unfair_starts(jobs: Iterable[Job]) -> list[str]:
    """Starts out of turn, found by going through all starts in the order of their times.

    At each start the queue is rebuilt as it stood, from the times in its table. Then the job that
    started must be the first of jobs.queue.waiting; and, said without that function, it must not
    be the second or a later job of its owner while somebody's first was waiting.
    """
    jobs, found = list(jobs), []
    for job in sorted((job for job in jobs if job.started), key=lambda job: job.started):
        then = [as_of(other, job.started) for other in jobs if other.created <= job.started]
        first = waiting(then)[0]
        if first.id != job.id:
            found.append(f"job {job.id} started before job {first.id}, which was next")
        had_one = {other.owner for other in then if other.started}
        firsts = [x.id for x in then if x.state == "queued" and x.owner not in had_one]
        if job.owner in had_one and firsts:
            found.append(f"job {job.id}, a second one, started while {firsts} waited")
    return found


def as_of(job: Job, moment: float) -> Job:
    """The job as it stood just before a moment after its creation."""
    if job.started and job.started < moment:
        return replace(job, state="done" if job.ended and job.ended <= moment else "running")
    stopped = not job.started and job.ended and job.ended <= moment
    return replace(job, state="stopped" if stopped else "queued", started=None)


# --- the report ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Usage:
    """What the server's process has taken since it began."""

    memory_mb: float
    cpu_seconds: float


def server_usage(home: str) -> Usage:
    pid = next(iter(processes(home)["server"]), None)
    if pid is None:
        raise SystemExit("The server has died.")
    status = Path(f"/proc/{pid}/status").read_text()
    _, _, fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")
    user, system = (int(word) for word in fields.split()[11:13])
    return Usage(
        memory_mb=int(status.split("VmRSS:")[1].split()[0]) / 1024,
        cpu_seconds=(user + system) / os.sysconf("SC_CLK_TCK"),
    )


def quantile(values: list[float], share: float) -> float:
    """The smallest value that this share of all values does not exceed."""
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]


def latencies(requests: Iterable[Request]) -> dict[str, float]:
    done = [request for request in requests if request.done is not None]
    if not done:
        return {"count": 0}
    times = [request.latency for request in done]
    held = [request for request in done if request.sent - request.due > 0.05]
    return {
        "count": len(times),
        "p50_ms": quantile(times, 0.5),
        "p95_ms": quantile(times, 0.95),
        "p99_ms": quantile(times, 0.99),
        "max_ms": max(times),
        "sent_late": len(held),
    }


def while_training(jobs: list[Job], clock: float) -> Callable[[Request], bool]:
    """Whether a job trained when a request was due.

    Args:
        clock: time.time() at zero of time.perf_counter().
    """
    spans = [(job.started, job.ended or time.time()) for job in jobs if job.started]
    return lambda request: any(began <= request.due + clock <= ended for began, ended in spans)


KINDS = {
    "page events": lambda request: request.what != "timer",
    "of these: press a button": lambda request: request.what == "press",
    "of these: change a widget": lambda request: request.what == "put",
    "of these: open or change a page": lambda request: request.what in ("open", "change page"),
    "of these: lasso or drag": lambda request: request.what == "component",
    "auto-reruns": lambda request: request.what == "timer",
}


def plain(text: str) -> str:
    """A page's sentence without the marks that keep it from being Markdown."""
    return re.sub(r"\\(.)", r"\1", text)


def errors_of(students: list[Student], log: str) -> Counter:
    found = Counter(text for student in students for text in student.tab.problems)
    for student in students:
        boxes = map(plain, student.tab.alerts)
        found.update(f"error box: {text}" for text in boxes if not REFUSALS.search(text))
    requests = (request for student in students for request in student.tab.requests)
    cut_off = Counter(r.what for r in requests if r.cut_off and r.what != "timer")
    found.update({f"{what}: the page was not drawn to its end": n for what, n in cut_off.items()})
    if "Traceback" in log:
        found["tracebacks in the server's log"] = log.count("Traceback")
    return found


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--students", type=int, default=30)
    options.add_argument("--minutes", type=float, default=10.0)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"GENLAB_HOME": home}
        try:
            figures = measure(asked, home)
        finally:
            for pids in processes(home).values():
                kill(pids)
    print(json.dumps(figures, indent=1) if asked.json else as_text(figures))
    return 1 if figures["errors"] or figures["lost"] or figures["unfair"] else 0


def measure(asked: argparse.Namespace, home: str) -> dict:
    load_before, log = os.getloadavg()[0], Path(home) / "server.log"
    with running_server(Path(home), log) as url:
        before, driver, began = server_usage(home), time.process_time(), time.perf_counter()
        students = asyncio.run(hold_class(url, asked, lateness := []))
        after, took = server_usage(home), time.perf_counter() - began
        driver = time.process_time() - driver
        load_after = os.getloadavg()[0]
        jobs = dismiss()
    trained = while_training(jobs, time.time() - time.perf_counter())
    requests = [request for student in students for request in student.tab.requests]
    fetches = [took for student in students for took in student.tab.fetches]
    return {
        "students": asked.students,
        "minutes": asked.minutes,
        "seed": asked.seed,
        "cores": os.cpu_count(),
        "load_before": load_before,
        "load_after": load_after,
        "events": len(requests),
        "latency_while_a_job_trains": {
            name: latencies(r for r in requests if kind(r) and trained(r))
            for name, kind in KINDS.items()
        },
        "files_fetched": len(fetches),
        "files_p95_ms": quantile(fetches, 0.95) if fetches else None,
        "server_memory_mb": [before.memory_mb, after.memory_mb],
        "server_cores_used": (after.cpu_seconds - before.cpu_seconds) / took,
        "driver_cores_used": driver / took,
        "driver_late_ms": {"p95": quantile(lateness, 0.95), "max": max(lateness)},
        "jobs": Counter(job.state for job in jobs),
        "jobs_begun": sum(job.started is not None for job in jobs),
        "job_seconds": [job.ended - job.started for job in jobs if job.started and job.ended],
        "runs_kept": len(list(new_runs().glob("*/config.json"))),
        "lost": lost_jobs(students, jobs),
        "unfair": unfair_starts(jobs),
        "errors": errors_of(students, log.read_text()),
    }


COLUMNS = ("count", "p50_ms", "p95_ms", "p99_ms", "max_ms", "sent_late")


def as_text(figures: dict) -> str:
    table = figures["latency_while_a_job_trains"]
    lines = [
        f"{figures['students']} students, {figures['minutes']:g} min, seed {figures['seed']}, "
        f"{figures['cores']} cores, load {figures['load_before']:.1f} before and "
        f"{figures['load_after']:.1f} after",
        "",
        "| while a job trains | count | p50 ms | p95 ms | p99 ms | max ms | sent > 50 ms late |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in table.items():
        cells = [f"{row[column]:.0f}" if column in row else "" for column in COLUMNS]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    p95 = table["page events"].get("p95_ms")
    met = "none" if p95 is None else "met" if p95 < TARGET else "MISSED"
    before, after = figures["server_memory_mb"]
    states = ", ".join(f"{count} {state}" for state, count in sorted(figures["jobs"].items()))
    lines += [
        "",
        f"p95 of page events under {TARGET:.0f} ms: {met}",
        f"events in all: {figures['events']}; files fetched: {figures['files_fetched']}",
        f"server memory: {before:.0f} MB before class, {after:.0f} MB after",
        f"cores used: server {figures['server_cores_used']:.2f}, driver "
        f"{figures['driver_cores_used']:.2f}",
        f"the driver itself woke late by {figures['driver_late_ms']['p95']:.0f} ms (p95), "
        f"{figures['driver_late_ms']['max']:.0f} ms at most",
        f"jobs: {states}; {figures['jobs_begun']} began to train, {figures['runs_kept']} runs kept",
    ]
    if held := figures["job_seconds"]:
        lines.append(
            f"a job held its place for {statistics.median(held):.0f} s (median, its measuring "
            f"included), {max(held):.0f} s at most"
        )
    for name in ("errors", "lost", "unfair"):
        found = figures[name]
        lines.append(f"{name}: {len(found) or 'none'}")
        lines += [f"  {text}" + (f" ({found[text]} times)" if name == "errors" else "")
                  for text in found]  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
