"""What a training will cost, before it starts: from a second of it, trained in another process.

    python -m genlab.jobs.cost CONFIG.json [--json]

CONFIG.json is what RunConfig.to_dict wrote, as in a run's folder; "-" reads it from the input.
On a processor the estimate is for a core that the training has to itself; on a GPU it is for the
GPU as busy as it is now. A probe holds for every config that makes the same updates, so the number
of epochs, the learning rate and the seed can change without another one. Importing this loads no
torch.
"""

import argparse
import hashlib
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genlab.data.catalogue import find_dataset
from genlab.data.images import count_images, find_split
from genlab.errors import GenLabError
from genlab.jobs.priority import after_the_pages
from genlab.places import ROOT, cache_dir
from genlab.runs.families import family_of

if TYPE_CHECKING:
    from genlab.training.loop import EpochRecord, StepRecord
    from genlab.training.session import Session

LEAST_STEPS, LEAST_SECONDS = 4, 0.7  # of timed updates
WARM_UP, WARM_UP_SECONDS = 10, 2.0  # updates before the clock starts, or seconds of them
VALIDATION_PART = 2000  # images: validation is timed on these and scaled
PATIENCE = 120.0  # seconds after which a probe is given up
DEFINITION = 2  # raise when a figure's meaning changes, so that kept probes are left behind
EARLY_FRAMES = (10, 25, 50, 100, 250, 500, 1000)  # as training/gan_step.py has them
TRACE_BYTES = 1.5  # packed: of a loss at an update
TIME_BLIND = {"epochs", "learning_rate", "schedule", "seed"}  # settings that no update is slower by


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What a second of training showed."""

    device: str  # in words
    seconds_to_start: float  # to load torch and the images and to build the model
    seconds_per_step: float
    seconds_per_validation: float  # of all validation images, once an epoch
    batches: int  # updates of an epoch
    memory_mb: float  # the most that the process held
    gpu_memory_mb: float  # the most that tensors took on the GPU; 0 without one
    parameters: int


@dataclass(frozen=True, kw_only=True)
class Cost:
    """An estimate of a whole training."""

    seconds: float  # until the weights are there; measuring the run comes after
    memory_mb: float
    disk_mb: float  # of the finished run
    working_disk_mb: float  # of the job while it trains, beside the run


def cost(probe: Probe, config: Mapping[str, Any]) -> Cost:
    """The cost of training `config`, as RunConfig.to_dict writes it, by a probe of its kind."""
    epochs, family = config["training"]["epochs"], family_of(config["family"])
    epoch = probe.batches * probe.seconds_per_step + probe.seconds_per_validation
    weights = 4 * probe.parameters  # float32
    arrays = 0
    if family.has_maps:
        codes = 4 * config["model"]["latent_dim"]  # latent means of the test images
        maps = 2 * 2 * 4  # PCA and t-SNE: two coordinates each
        arrays = find_dataset(config["dataset"]).test_count * (codes + maps)
    film = 0.0
    if family.has_film:
        frame = family.frame_bytes(config["model"])
        film = film_bytes(epochs, probe.batches, len(family.losses), frame)
    return Cost(
        seconds=probe.seconds_to_start + epochs * epoch,
        memory_mb=probe.memory_mb + probe.gpu_memory_mb,
        disk_mb=(weights + arrays + film) / 1e6,
        # weights, the best ones, and Adam's two moments; and the film so far, packed and not
        working_disk_mb=(4 * weights + 4 * film) / 1e6,
    )


def film_bytes(epochs: int, batches: int, losses: int, frame: int) -> float:
    """Bytes of the film of a run: about, for how well its frames pack depends on them."""
    updates = epochs * batches
    frames = 1 + epochs + sum(update < updates for update in EARLY_FRAMES)
    return frames * frame + updates * losses * TRACE_BYTES


def kept_probe(config: Mapping[str, Any]) -> Probe | None:
    """The probe of an earlier config of the same kind on this machine, or None."""
    try:
        return Probe(**json.loads(kept_at(config).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def kept_at(config: Mapping[str, Any]) -> Path:
    """Named by all that the speed depends on: model, batch, data in use, machine.

    Raises:
        GenLabError: the dataset is not here.
    """
    training = {k: v for k, v in config["training"].items() if k not in TIME_BLIND}
    images = count_images(find_split(config["dataset"], "train"))
    decides = [DEFINITION, config["family"], config["model"], training, images, platform.node()]
    key = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:20]
    return cache_dir() / "probes" / f"{key}.json"


def ask(config: Mapping[str, Any]) -> Probe:
    """The kept probe, or a new one, made in another process within seconds.

    Raises:
        GenLabError: the config is refused, its images are not here, or the probe fails.
    """
    kept = kept_probe(config)
    if kept is not None:
        return kept
    try:
        done = subprocess.run(
            [sys.executable, "-m", "genlab.jobs.cost", "-", "--json"],
            cwd=ROOT,
            input=json.dumps(config),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise GenLabError(
            f"A second of this training takes more than {PATIENCE:.0f} s here; choose a smaller "
            "model or batch."
        ) from error
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise GenLabError(lines[-1][:300] if lines else "The probe was killed; memory is short.")
    return Probe(**json.loads(done.stdout))


def measure(saved: Mapping[str, Any]) -> Probe:
    """Train a config for about a second, in this process, and keep what that showed.

    Raises:
        GenLabError: the config is refused, or its images are not here.
    """
    import torch

    from genlab.training.device import device_name, has_fast_bfloat16, use_one_thread
    from genlab.training.recipes import config_from_dict
    from genlab.training.session import prepare

    use_one_thread()
    config = config_from_dict(saved)
    session = prepare(config)
    on_gpu = session.device.type == "cuda"
    # On one thread of a processor, its own time: what else runs now will not run then
    clock = time.process_time if session.device.type == "cpu" else time.perf_counter
    started = time.process_time()  # since this process began
    per_step = seconds_per_step(session.records(report_every=1), clock)
    words = device_name(session.device)
    if has_fast_bfloat16(session.device) and config.training.precision != "float32":
        words += ", bfloat16"
    probe = Probe(
        device=words,
        seconds_to_start=started,
        seconds_per_step=per_step,
        seconds_per_validation=seconds_per_validation(session, clock),
        batches=-(-len(session.data.images) // config.training.batch_size),
        memory_mb=peak_memory() / 1e6,
        gpu_memory_mb=torch.cuda.max_memory_allocated() / 1e6 if on_gpu else 0.0,
        parameters=sum(p.numel() for p in session.step.model.parameters()),
    )
    keep(kept_at(saved), probe)
    return probe


def seconds_per_step(
    records: Iterable["StepRecord | EpochRecord"], clock: Callable[[], float]
) -> float:
    """Mean seconds of an update, from a stream of the loop's records, one for each update.

    The first updates, which are slower, count only where there are no others.
    """
    began = last = clock()
    warm, cold = [], []
    for record in records:
        now = clock()
        took, last = now - last, now
        if not hasattr(record, "losses"):  # the end of an epoch: that was its validation
            continue
        is_warm = record.step > WARM_UP or now - began > WARM_UP_SECONDS
        (warm if is_warm else cold).append(took)
        if len(warm) >= LEAST_STEPS and sum(warm) >= LEAST_SECONDS:
            break
    counted = warm or cold
    return sum(counted) / len(counted)


def seconds_per_validation(session: "Session", clock: Callable[[], float]) -> float:
    images, labels = session.data.validation_images, session.data.validation_labels
    part = min(VALIDATION_PART, len(images))
    session.step.model.eval()
    began = clock()
    session.step.evaluate(images[:part], labels[:part], 0)
    return (clock() - began) * len(images) / part


def peak_memory() -> int:
    """The most bytes that this process has held."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def keep(path: Path, probe: Probe) -> None:
    """A folder that takes no files is no error: the probe is made again next time."""
    beside = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(asdict(probe), indent=1), "utf-8")
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)


def in_words(seconds: float) -> str:
    """A duration as people say it: "8 s", "2 min 5 s", "3 h 10 min"."""
    whole = max(round(seconds), 1)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole < 600 and whole % 60 else "")
    return f"{whole // 3600} h" + (f" {whole % 3600 // 60} min" if whole % 3600 >= 60 else "")


def main() -> int:
    options = argparse.ArgumentParser(
        prog="python -m genlab.jobs.cost", description="Estimate the cost of a training."
    )
    options.add_argument("config", help="a config.json, or - for the input")
    options.add_argument("--json", action="store_true", help="print the probe as one JSON object")
    chosen = options.parse_args()
    after_the_pages()
    try:
        config = read_config(chosen.config)
        probe = measure(config)
    except GenLabError as error:
        print(error, file=sys.stderr)
        return 1
    if chosen.json:
        print(json.dumps(asdict(probe)))
        return 0
    estimate = cost(probe, config)
    print(
        f"{in_words(estimate.seconds)} on {probe.device}: {probe.batches} updates an epoch at "
        f"{1 / probe.seconds_per_step:.0f}/s; {estimate.memory_mb:.0f} MB of memory, "
        f"{estimate.disk_mb:.1f} MB on disk"
    )
    return 0


def read_config(where: str) -> dict[str, Any]:
    """The part of a config.json that decides a training."""
    try:
        saved = json.loads(sys.stdin.read() if where == "-" else Path(where).read_text("utf-8"))
        return {name: saved[name] for name in ("family", "dataset", "model", "training")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GenLabError(f"{where} is no config that GenLab wrote ({error}).") from error


if __name__ == "__main__":
    raise SystemExit(main())
