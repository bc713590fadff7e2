"""The film of a GAN on the line or in the plane: frames of its training, packed for a browser.

A frame is what there is to see after a half step: D on a grid, D* there, the generator's density,
the same fakes with the direction each is pushed in, the noise's net pushed forward, the scores.
Shapes: D axes, N cells of the line or the square in all, S fakes, M knots, U updates.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from genlab.explore.plane_density import (
    BLUR,
    Grid,
    even_noises,
    noise_net,
    pushed_masses,
)
from genlab.explore.plane_gan import HalfStep, PlaneConfig, sample_gradients, sample_noise, train
from genlab.explore.plane_loss import (
    best_value,
    equilibrium,
    js_divergence,
    opinion,
    optimal_share,
    value,
)
from genlab.explore.plane_net import run_net
from genlab.explore.plane_pack import Part, pack
from genlab.explore.plane_target import EDGE, build_target

SHOWN = {1: 64, 2: 256}  # fakes, and targets, that are drawn
KNOTS = {1: 33, 2: 17}  # of the noise's net along an axis
STOPS = 90  # at about so many updates there are frames
CLOSE = 8  # updates of which every half step is a frame: the first ones, and those asked for
TRACE = ("loss_d", "loss_g", "d_real", "d_fake")


@dataclass(frozen=True)
class Frame:
    time: float  # updates; D's half of update u is at u - 1/2
    discriminator: np.ndarray  # (N,) D's opinion at the middle of each cell
    optimum: np.ndarray  # (N,) p_data / (p_data + p_g), the opinion of D*
    made: np.ndarray  # (N,) mass of p_g in each cell
    fakes: np.ndarray  # (S, D)
    slopes: np.ndarray  # (S, D) of each fake's G loss by where it lies
    knots: np.ndarray  # (M, D) where the knots of the noise's net lie
    value: float  # of D, see plane_loss.value
    best: float  # the value at D*
    jsd: float  # of p_data and p_g, nats
    push: float  # mean length of the slopes
    trace: np.ndarray  # (n, 4) the TRACE of each update since the frame before


def stops(updates: int, close: int | None = None) -> set[int]:
    """The updates that have frames: closer together early, and every one from `close` on."""
    spread = np.rint(updates * np.linspace(0.0, 1.0, STOPS) ** 1.5).astype(int)
    wanted = set(range(CLOSE + 1)) | set(spread.tolist())
    if close is not None:
        wanted |= set(range(close, close + CLOSE + 1))
    return {update for update in wanted if update <= updates}


def frames(config: PlaneConfig, close: int | None = None) -> Iterator[Frame]:
    """Train, and yield what there is to see at the stops.

    Raises:
        GenLabError: the drawing of a drawn target is damaged or empty.
    """
    grid, wanted = Grid(config.axes), stops(config.updates, close)
    target = build_target(config.axes, config.target, config.ink)
    data = target.cell_masses(grid.edges, BLUR).reshape(-1)
    shown = sample_noise(config, np.random.default_rng([config.seed, 3]), SHOWN[config.axes])
    net, knots = even_noises(config.noise, config.axes), knot_noises(config)
    pushed, made, trace = None, None, []
    for step in train(config):
        if step.mover == "G":
            trace.append([getattr(step, name) for name in TRACE])
        if step.update not in wanted:
            continue
        if step.generator is not pushed:  # D's half leaves it where it was
            pushed = step.generator
            made = pushed_masses(run_net(config.generator, pushed, net))
        yield look(config, step, data, made, grid, shown, knots, np.array(trace).reshape(-1, 4))
        trace = []


def look(config, step: HalfStep, data, made, grid: Grid, shown, knots, trace) -> Frame:
    d, loss, code = step.discriminator, config.loss, config.code
    outputs = run_net(config.discriminator, d, grid.points)[:, 0]
    fakes = run_net(config.generator, step.generator, shown)
    slopes, _ = sample_gradients(config, d, fakes)
    return Frame(
        time=step.time,
        discriminator=opinion(outputs, loss, code),
        optimum=optimal_share(data, made),
        made=made,
        fakes=fakes,
        slopes=slopes,
        knots=run_net(config.generator, step.generator, knots),
        value=value(outputs, data, made, loss, code),
        best=best_value(data, made, loss, code),
        jsd=js_divergence(data, made),
        push=float(np.linalg.norm(slopes, axis=1).mean()),
        trace=trace,
    )


def knot_noises(config: PlaneConfig) -> np.ndarray:
    """(M, D): between neighbours lies equal mass, but for 1 in 200 beyond each end."""
    shares = np.linspace(0.005, 0.995, KNOTS[config.axes])
    return noise_net(config.noise, config.axes, shares)


def pack_film(config: PlaneConfig, film: list[Frame]) -> bytes:
    """The film for a browser; plane_pack tells how.

    "data" and "made" are sqrt(mass / largest mass of p_data), "pushes" -slope / (1 + |slope|).
    """
    target = build_target(config.axes, config.target, config.ink)
    data = target.cell_masses(Grid(config.axes).edges, BLUR).reshape(-1)
    points = target.sample(np.random.default_rng([config.seed, 4]), SHOWN[config.axes])
    column = {
        name: np.array([getattr(frame, name) for frame in film])
        for name in Frame.__dataclass_fields__
        if name != "trace"
    }
    slopes = column["slopes"]
    pushes = -slopes / (1.0 + np.linalg.norm(slopes, axis=2, keepdims=True))
    fine = 4094 if config.axes == 1 else 254  # a curve shows steps that a heat map does not
    low, high = (-0.5, 1.5) if config.loss == "least-squares" else (0.0, 1.0)
    place = {"levels": 4094, "low": -1.5 * EDGE, "high": 1.5 * EDGE}
    parts = [
        Part("points", points, **place),
        Part("data", np.sqrt(data / data.max()), fine),
        Part("discriminator", column["discriminator"], fine, low, high, film=True),
        Part("optimum", column["optimum"], fine, film=True),
        Part("made", np.sqrt(column["made"] / data.max()), fine, 0.0, 2.0, film=True),
        Part("fakes", column["fakes"], **place, film=True),
        Part("pushes", pushes, 254, -1.0, 1.0, film=True),
        Part("knots", column["knots"], **place, film=True),
        *(Part(name, column[name]) for name in ("value", "best", "jsd", "push")),
        Part("trace", np.concatenate([frame.trace for frame in film]).T),  # (4, U)
    ]
    header = {
        "config": asdict(config),
        "edge": EDGE,
        "equilibrium": equilibrium(config.loss, config.code),
        "times": column["time"].tolist(),
    }
    return pack(header, parts)


def write_film() -> None:
    """The command line of plane_gan: settings as JSON in, the packed film out.

    The settings are fields of PlaneConfig, and "close". The shares done go to stderr, a line each.
    """
    if hasattr(os, "nice"):
        os.nice(max(0, 10 - os.nice(0)))  # who looks at a page comes first
    settings = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
    close = settings.pop("close", None)
    config, film = PlaneConfig(**settings), []
    for frame in frames(config, close):
        film.append(frame)
        print(f"{frame.time / config.updates:.3f}", file=sys.stderr, flush=True)
    sys.stdout.buffer.write(pack_film(config, film))
