"""What stands out in a network that has no latent codes to look at, in sentences: a GAN's play,
a classifier's errors, dead units and broken weights. No torch in here."""

import numpy as np

from genlab.errors import GenLabError
from genlab.explore.findings import Finding, of_weights
from genlab.explore.layers import LayerXRay, Silence
from genlab.explore.samples import real_images, sample_images, spread
from genlab.runs.families import Figure, family_of, number_at
from genlab.runs.film import has_film, load_film
from genlab.runs.folder import Run, read_metrics, read_summary

LATE = 200  # the last updates, over which the discriminator's opinions are meant
SURE, UNSURE = 0.95, 0.6  # means of D(x) from which it is sure of itself, and from which it is not
COVERED, COLLAPSED = 0.1, 1.0  # nats of mode KL; 1.0 is what four classes of ten have about
ALIKE = 0.6  # of the real images' distances: below it the samples resemble one another


def layer_findings(run: Run, xray: LayerXRay) -> list[Finding]:
    """One sentence each on the weights, the units, and what the family is for."""
    found = of_weights(xray.not_finite)
    if family_of(run.family).portrait == "samples":
        found += of_coverage(run) + of_likeness(run) + of_opinions(run)
    found += of_figure(run)
    return found + [of_silence(silence) for silence in xray.silences]


def of_coverage(run: Run) -> list[Finding]:
    """Whether the generator makes every class."""
    mode_kl = mode_kl_of(run)
    if mode_kl is None:
        return []
    words = f"mode KL {mode_kl:.3f} nats, where 0 is every class alike and 2.303 a single one"
    if mode_kl > COLLAPSED:
        return [Finding("bad", f"Mode collapse: the generator makes few of the classes ({words}).")]
    if mode_kl > COVERED:
        return [Finding("note", f"The generator makes some classes seldom ({words}).")]
    return [Finding("good", f"The generator makes every class ({words}).")]


def mode_kl_of(run: Run) -> float | None:
    """Of the finished run, or of the film's last frame where that was not measured."""
    measured = number_at(read_summary(run), "mode_kl")
    if measured is not None or not has_film(run):
        return measured
    scores = load_film(run).scores.get("mode_kl")
    last = float(scores[-1]) if scores is not None and len(scores) else float("nan")
    return last if np.isfinite(last) else None


def of_likeness(run: Run) -> list[Finding]:
    """Whether the samples differ from one another as real images do."""
    try:
        samples = sample_images(run)
        real = real_images(run, len(samples))
    except GenLabError as error:
        return [Finding("note", str(error))]
    (apart, nearest), (real_apart, real_nearest) = spread(samples), spread(real)
    words = (
        f"two samples lie {apart:.1f} apart and two real images {real_apart:.1f}; the sample most "
        f"like it {nearest:.1f}, of real images {real_nearest:.1f}"
    )
    if apart < ALIKE * real_apart or nearest < ALIKE * real_nearest:
        return [Finding("bad", f"Samples of different noise resemble one another: {words}.")]
    return [Finding("good", f"Different noise gives different samples: {words}.")]


def of_opinions(run: Run) -> list[Finding]:
    """Whether the discriminator is so sure that the generator learns nothing from it."""
    opinions = late_opinions(run)
    if opinions is None:
        return []
    real, fake, when = opinions
    words = f"D(x) = {real:.2f} of real images and D(G(z)) = {fake:.2f} of fakes, {when}"
    if real > SURE and fake < 1.0 - SURE:
        text = "The discriminator is saturated: it tells all fakes, and the generator can learn "
        return [Finding("note", f"{text}little from it ({words}).")]
    if real - fake < 0.0:
        return [Finding("bad", f"The discriminator takes fakes for more real ({words}).")]
    if real < UNSURE:
        return [Finding("good", f"The discriminator can hardly tell: near equilibrium ({words}).")]
    return [Finding("good", f"The discriminator is ahead and not saturated ({words}).")]


def late_opinions(run: Run) -> tuple[float, float, str] | None:
    """Mean D(x) and D(G(z)) at the end of the training, and over what."""
    if has_film(run):
        trace = load_film(run).trace
        if all(len(trace.get(name, ())) for name in ("d_real", "d_fake")):
            late = {name: trace[name][-LATE:] for name in ("d_real", "d_fake")}
            words = f"over the last {len(late['d_real'])} updates"
            return float(late["d_real"].mean()), float(late["d_fake"].mean()), words
    try:
        last = read_metrics(run)[-1]["train"]
        return float(last["d_real"]), float(last["d_fake"]), "over the last epoch"
    except (IndexError, KeyError, TypeError, ValueError):
        return None


def of_figure(run: Run) -> list[Finding]:
    """The headline figure beside what it is to be seen beside."""
    figures, summary = family_of(run.family).figures, read_summary(run)
    reading = figures[0].read(summary) if figures else None
    if reading is None or not reading.beside:
        return []
    figure, (words, floor) = figures[0], next(iter(reading.beside.items()))
    text = f"{figure.title} {figure.words(reading.value)}, {words} {figure.words(floor)}"
    return [Finding("good" if suits(figure, reading.value, floor) else "note", f"{text}.")]


def suits(figure: Figure, value: float, floor: float) -> bool:
    """Better than what stands beside it; or, where that is a limit, within ten times of it."""
    return value > floor if figure.better > 0 else value < 10.0 * floor


def of_silence(silence: Silence) -> Finding:
    where = f"{silence.units:,} ReLU units of the {silence.part}, {silence.how}"
    if not silence.dead:
        return Finding("good", f"No dead unit among the {where}.")
    kind = "bad" if silence.dead == silence.units else "note"
    return Finding(kind, f"{silence.dead:,} dead of the {where}.")
