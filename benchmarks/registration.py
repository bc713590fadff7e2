"""Registration by EM: pycpd, probreg, open3d's ICP and ours on the same clouds; cost against N.

    pip install -r benchmarks/requirements.txt
    python -m benchmarks.registration [--sizes 500,2000] [--rounds 5] [--cores 1] [--json]
    python -m benchmarks.registration --grow 500,2000,10000,100000,1000000 [--plot cost.png]

The clouds: a star in space, and its copy moved by 0.25 along each axis, with noise 0.005 and in
another order. Every method takes its turn in each round, with the round's number as the seed of
the clouds; medians are what to read. error is the root mean square distance between where a
method puts the source and where it belongs. pycpd fits rotation and scale, probreg and ICP a
rotation; ours runs with each of those models and as a translation. Methods that keep an N x N
matrix stop at --most.

With --grow each size and method has a process of its own, whose peak memory is told, interpreter
and libraries included, and how much of it was there before the clouds were.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from genlab.registration.config import RegistrationConfig
from genlab.registration.em import register
from genlab.registration.icp import ICPConfig, icp
from genlab.registration.shapes import Planted, planted, star
from genlab.registration.transforms import Transform

SHIFT, NOISE = 0.25, 0.005
REACH = 0.6  # of ICP: the longest match
TOL, STEPS = 1e-5, 100  # of pycpd and probreg
Method = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, str]]  # clouds to moved, remark


def clouds(count: int, seed: int) -> Planted:
    return planted(star, count, Transform.shift(np.full(3, SHIFT)), noise=NOISE, seed=seed)


def ours(model: str) -> Method:
    def run(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, str]:
        *_, last = register(source, target, RegistrationConfig(model=model))
        return last.moved(source), f"{last.step} steps, {last.path}, {last.points[0]:,} points"

    return run


def our_icp(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, str]:
    *_, last = icp(source, target, ICPConfig(reach=REACH))
    return last.moved(source), f"{last.step} steps"


def pycpd(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, str]:
    from pycpd import RigidRegistration

    found = RigidRegistration(X=target, Y=source, tolerance=TOL, max_iterations=STEPS)
    moved, _ = found.register()
    return moved, f"{found.iteration} steps"


def probreg(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, str]:
    from probreg.cpd import RigidCPD

    found = RigidCPD(source, update_scale=False).registration(target, tol=TOL, maxiter=STEPS)
    return found.transformation.transform(source), ""


def open3d_icp(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, str]:
    import open3d

    clouds = []
    for points in (source, target):
        clouds.append(open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points)))
    found = open3d.pipelines.registration.registration_icp(*clouds, REACH).transformation
    return source @ found[:3, :3].T + found[:3, 3], ""


METHODS: dict[str, Method] = {
    "ours, translation": ours("translation"),
    "ours, rigid": ours("rigid"),
    "ours, similarity": ours("similarity"),
    "ours, ICP": our_icp,
    "pycpd, similarity": pycpd,
    "probreg, rigid": probreg,
    "open3d, ICP": open3d_icp,
}
MATRIX = ("pycpd, similarity", "probreg, rigid")  # memory and time grow with N squared
BESIDE = {"pycpd, similarity": "ours, similarity", "probreg, rigid": "ours, rigid"}


def installed() -> list[str]:
    """The methods that can run here; says which cannot."""
    found = list(METHODS)
    for name in ("pycpd", "probreg", "open3d"):
        try:
            __import__(name)
        except ImportError as error:
            print(f"{name} is left out: {error}.", file=sys.stderr)
            found = [method for method in found if not method.startswith(name)]
    return found


def measure(name: str, count: int, seed: int) -> dict:
    p = clouds(count, seed)
    started, worked = time.perf_counter(), time.process_time()
    moved, remark = METHODS[name](p.source, p.target)
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    apart = moved - p.truth.apply(p.source)
    error = float(np.sqrt(np.square(apart).sum(axis=1).mean()))
    return {"seconds": seconds, "cpu_seconds": cpu, "error": error, "remark": remark}


def side_by_side(sizes: list[int], rounds: int, most: int) -> list[dict]:
    table, names = [], installed()
    for name in names:
        measure(name, 300, 0)  # imports, and compiling or loading what was compiled
    measure("ours, rigid", 9000, 0)  # the kernels of large clouds
    for count in sizes:
        here = [name for name in names if name not in MATRIX or count <= most]
        runs = {name: [] for name in here}
        for turn in range(rounds):
            for name in here:
                runs[name].append(measure(name, count, turn))
                said = f"{count:,}, round {turn + 1}, {name}: {runs[name][-1]['seconds']:.4f} s"
                print(f"{said}, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
        for name in here:
            own = runs[BESIDE.get(name, "ours, translation")]
            seconds = [run["seconds"] for run in runs[name]]
            ratios = [
                run["seconds"] / mine["seconds"] for run, mine in zip(runs[name], own, strict=True)
            ]
            table.append(
                {
                    "points": count,
                    "method": name,
                    "seconds_median": statistics.median(seconds),
                    "seconds_min": min(seconds),
                    "seconds_max": max(seconds),
                    "cpu_seconds_median": statistics.median(r["cpu_seconds"] for r in runs[name]),
                    "error_median": statistics.median(run["error"] for run in runs[name]),
                    "error_max": max(run["error"] for run in runs[name]),
                    "beside": BESIDE.get(name, "ours, translation"),
                    "times_ours": statistics.median(ratios),
                    "remark": runs[name][-1]["remark"],
                }
            )
    return table


def alone(name: str, count: int) -> dict:
    """One run in this process, with its peak memory; what comes first is a small warm-up."""
    measure(name, 300, 0)
    if name.startswith("ours") and count > 4096:
        measure(name, 9000, 0)
    before = peak_megabytes()
    found = measure(name, count, 0)
    return {"points": count, "method": name, "peak_mb": peak_megabytes(), "import_mb": before} | (
        found
    )


def peak_megabytes() -> float:
    """Of this process; getrusage would count what the parent had before it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def grow(sizes: list[int], most: int, cores: int | None) -> list[dict]:
    """Each size and method in a process of its own."""
    table = []
    for count in sizes:
        for name in installed():
            if name in MATRIX and count > most:
                continue
            command = [sys.executable, "-m", "benchmarks.registration", "--alone", name, str(count)]
            command += ["--cores", str(cores)] if cores else []
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                last = (done.stderr.strip().splitlines() or [str(done.returncode)])[-1]
                print(f"{name} failed at {count:,}: {last}", file=sys.stderr)
                continue
            row = json.loads(done.stdout.splitlines()[-1])
            table.append(row)
            said = f"{count:,}, {name}: {row['seconds']:.3f} s, {row['peak_mb']:.0f} MB"
            print(f"{said}, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    return table


def plot(table: list[dict], path: str) -> None:
    """Seconds and peak memory against N, a line for each method."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4.5), constrained_layout=True)
    for axis, key, label in zip(axes, ("seconds", "peak_mb"), ("seconds", "peak MB"), strict=True):
        for name in dict.fromkeys(row["method"] for row in table):
            rows = [row for row in table if row["method"] == name]
            dashes = "-" if name.startswith("ours") else "--"
            axis.loglog([row["points"] for row in rows], [row[key] for row in rows], dashes,
                        marker="o", label=name)  # fmt: skip
        axis.set_xlabel("points in either cloud")
        axis.set_ylabel(label)
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=8)
    figure.savefig(path, dpi=150)


def show(table: list[dict]) -> None:
    if table and "peak_mb" in table[0]:
        print("| points | method | s | CPU s | peak MB | of it import | error | |")
        print("|---|---|---|---|---|---|---|---|")
        for row in table:
            print(
                f"| {row['points']:,} | {row['method']} | {row['seconds']:.3f} "
                f"| {row['cpu_seconds']:.3f} | {row['peak_mb']:.0f} | {row['import_mb']:.0f} "
                f"| {row['error']:.1e} | {row['remark']} |"
            )
        return
    print("| points | method | ms, median (min to max) | CPU ms | error (worst) | x | beside | |")
    print("|---|---|---|---|---|---|---|---|")
    for row in table:
        median, low, high = (1000 * row[f"seconds_{which}"] for which in ("median", "min", "max"))
        print(
            f"| {row['points']:,} | {row['method']} | {median:.1f} ({low:.1f} to {high:.1f}) "
            f"| {1000 * row['cpu_seconds_median']:.1f} | {row['error_median']:.1e} "
            f"({row['error_max']:.1e}) | {row['times_ours']:.2f} | {row['beside']} "
            f"| {row['remark']} |"
        )


def numbers(text: str) -> list[int]:
    return [int(part.replace("_", "")) for part in text.split(",")]


def keep_to(cores: int) -> None:
    """Let this process run on that many cores: the threads too that NumPy has begun already."""
    allowed = sorted(os.sched_getaffinity(0))[:cores]
    for thread in os.listdir("/proc/self/task"):
        os.sched_setaffinity(int(thread), allowed)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--sizes", type=numbers, default=[500, 2000], help="side by side")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--grow", type=numbers, help="sizes, each in a process of its own")
    options.add_argument("--most", type=int, default=5000, help="points of methods with a matrix")
    options.add_argument("--cores", type=int, help="let everything run on that many cores")
    options.add_argument("--plot", metavar="FILE", help="with --grow: cost against N, as a picture")
    options.add_argument("--json", action="store_true")
    options.add_argument("--alone", nargs=2, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.cores:
        keep_to(asked.cores)
    if asked.alone:
        print(json.dumps(alone(asked.alone[0], int(asked.alone[1]))))
        return
    if asked.grow:
        table = grow(asked.grow, asked.most, asked.cores)
    else:
        table = side_by_side(asked.sizes, asked.rounds, asked.most)
    if asked.plot:
        plot(table, asked.plot)
    if asked.json:
        print(json.dumps(table, indent=1))
        return
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end")
    show(table)


if __name__ == "__main__":
    main()
