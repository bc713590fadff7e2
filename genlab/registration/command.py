"""The verb `register`: two files in, the transform and how it was reached out."""

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np

from genlab.errors import GenLabError
from genlab.registration.checks import check_pair
from genlab.registration.clouds import read_cloud, reader_for, write_cloud
from genlab.registration.config import RegistrationConfig, textbook_config
from genlab.registration.em import register
from genlab.registration.icp import ICPConfig, icp
from genlab.registration.prior import log_height
from genlab.registration.starts import best_start, spread_starts
from genlab.registration.states import RegistrationState
from genlab.registration.transforms import Transform


def run(options: argparse.Namespace) -> None:
    if options.save:
        reader_for(options.save, b"")  # a slip in its name is told before the work
    source, target = read_cloud(options.source), read_cloud(options.target)
    try:
        config = icp_config(options) if options.method == "icp" else em_config(options)
    except ValueError as error:
        raise GenLabError(str(error)) from error
    started = time.perf_counter()
    source, target, remarks = check_pair(source, target, config.model)
    start = first_start(options, source, target, config)
    steps = icp if options.method == "icp" else register
    states = list(steps(source, target, config, start))
    seconds = time.perf_counter() - started
    if options.save:
        write_cloud(options.save, states[-1].moved(source))
    found = figures(config, states, seconds, remarks)
    print(json.dumps(found, indent=1) if options.json else as_text(options, found))


def em_config(options: argparse.Namespace) -> RegistrationConfig:
    model, scale = model_and_scale(options.model, options.scale)
    settings = {
        "model": model,
        "scale": scale,
        "sigma": read_sigma(options.sigma),
        "outliers": options.outliers,
        "max_steps": options.steps,
        "coarse": not options.exact,
    }
    known = not isinstance(settings["sigma"], str)
    textbook = model == "translation" and known and not options.outliers
    prior = options.prior or ("learned" if textbook and options.each != "target" else "uniform")
    each = options.each or ("source" if prior == "learned" else "target")
    if textbook and each == "source":
        return textbook_config(settings.pop("sigma"), **settings | {"prior": prior})
    return RegistrationConfig(**settings, prior=prior, each=each)


def icp_config(options: argparse.Namespace) -> ICPConfig:
    model, scale = model_and_scale(options.model, options.scale)
    return ICPConfig(model=model, scale=scale, reach=options.reach, max_steps=options.steps)


def model_and_scale(model: str, scale: str | None) -> tuple[str, float]:
    """A rigid model with a fitted scale is a similarity, and the other way round."""
    if scale is None:
        return model, 1.0
    if model not in ("rigid", "similarity"):
        raise GenLabError(f"--scale says nothing for a model {model}; leave it out.")
    if scale == "fit":
        return "similarity", 1.0
    return "rigid", 1.0 if scale == "fixed" else positive("--scale", scale, "fixed, fit or ")


def read_sigma(text: str) -> float | str:
    return text if text in ("fit", "anneal") else positive("--sigma", text, "fit, anneal or ")


def positive(option: str, text: str, others: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise GenLabError(f'{option} is "{text}"; choose {others}a positive number.')
    return value


def first_start(options: argparse.Namespace, source, target, config) -> Transform:
    """The start as given, or the best of several."""
    axes = source.shape[1]
    if options.starts < 1:
        raise GenLabError(f"--starts is {options.starts}; choose 1 or more.")
    if options.start:
        try:
            shift = np.array([float(part) for part in options.start.split(",")])
        except ValueError:
            shift = np.zeros(0)
        if shift.size != axes or not np.isfinite(shift).all():
            raise GenLabError(f'--start is "{options.start}"; give {axes} numbers with commas.')
        return Transform.shift(shift)
    if options.starts == 1:
        return Transform.identity(axes)
    if options.method == "icp":
        raise GenLabError("ICP has no likelihood to choose by; leave out --starts.")
    starts = spread_starts(source, target, config.model, options.starts)
    return best_start(source, target, config, starts)


def figures(config, states: list[RegistrationState], seconds: float, remarks: list[str]) -> dict:
    """What there is to report, as plain values."""
    last = states[-1]
    final = [state for state in states if state.points == last.points]
    found = {
        "model": config.model,
        "translation": last.transform.translation.tolist(),
        "rotation": last.transform.rotation.tolist(),
        "degrees": last.transform.degrees,
        "scale": last.transform.scale,
        "matrix": last.transform.linear.tolist(),
        "sigma": last.sigma,
        "rms": last.rms,
        "matched": last.matched,
        "steps": last.step,
        "seconds": seconds,
        "points": list(last.points),
        "path": last.path,
        "omitted": last.omitted,
        "log_likelihood": [],
        "remarks": remarks,
    }
    if not isinstance(config, RegistrationConfig):
        return found
    found["log_likelihood"] = [state.log_likelihood for state in final]
    found["constant"] = config.constant
    if config.constant == "stated":
        axes, K = len(last.transform.translation), last.points[0]
        heights = [log_height(last.sigma, axes, which) for which in ("proper", "stated")]
        more = K * (heights[0] - heights[1])
        found["log_likelihood_proper"] = [value + more for value in found["log_likelihood"]]
    return found


def as_text(options: argparse.Namespace, found: dict) -> str:
    rows = [f"{Path(options.source).name} onto {Path(options.target).name}, {found['model']}:"]

    def row(name: str, value: str) -> None:
        rows.append(f"  {name:<15} {value}")

    row("translation", ", ".join(f"{value:.6g}" for value in found["translation"]))
    if found["model"] != "translation":
        for k, line in enumerate(found["rotation"]):
            row("" if k else "rotation", "  ".join(f"{value: .6f}" for value in line))
        row("turned by", f"{found['degrees']:.4f} degrees")
        row("scale", f"{found['scale']:.6g}")
    if found["log_likelihood"]:
        row("sigma", f"{found['sigma']:.6g}")
        first, last = found["log_likelihood"][0], found["log_likelihood"][-1]
        row("log-likelihood", f"{last:.6g} nats, from {first:.6g}")
    row("rms", f"{found['rms']:.6g} over {found['matched']:.1f} matched points")
    row("steps", f"{found['steps']} in {found['seconds']:.2f} s on {found['points'][0]:,} and "
        f"{found['points'][1]:,} points")  # fmt: skip
    if options.save:
        row("saved", options.save)
    return "\n".join([*rows, *(f"  {remark}" for remark in found["remarks"])])
