"""What stands out in an X-ray, in sentences."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from genlab.explore.xray import Units, XRay


@dataclass(frozen=True)
class Finding:
    kind: Literal["good", "note", "bad"]
    text: str  # one sentence


def findings(xray: XRay) -> list[Finding]:
    """One sentence each on the weights, the latent dimensions, the units and the inputs."""
    found = [
        *of_latents(xray),
        of_units("encoder", xray.encoder, xray.images),
        of_units("decoder", xray.decoder, xray.images),
        of_inputs(xray),
    ]
    return of_weights(xray.not_finite) + found


def of_weights(not_finite: int) -> list[Finding]:
    if not not_finite:
        return []
    text = f"{not_finite:,} weights are NaN or infinite: the model is of no use."
    return [Finding("bad", text)]


def of_latents(xray: XRay) -> list[Finding]:
    Z, collapsed = len(xray.kl), np.flatnonzero(xray.collapsed)
    idle = np.flatnonzero(~xray.active & ~xray.collapsed & np.isfinite(xray.kl))
    if xray.active.all():
        return [Finding("good", f"All {Z} latent dimensions are active: no posterior collapse.")]
    found = []
    if len(collapsed) == Z:
        text = f"Posterior collapse in all {Z} latent dimensions: q(z|x) is the prior whatever the "
        found.append(Finding("bad", f"{text}image, so the decoder cannot know which it was."))
    elif len(collapsed):
        there = f"Posterior collapse in {len(collapsed)} of {Z} latent dimensions"
        text = "q(z|x) is the prior for every image, and the decoder does without."
        found.append(Finding("note", f"{there} ({listed(collapsed)}): there {text}"))
    if len(idle):
        which = "dimension is" if len(idle) == 1 else "dimensions are"
        found.append(
            Finding(
                "bad" if len(idle) == Z else "note",
                f"{len(idle)} of {Z} latent {which} inactive ({listed(idle)}) yet no prior: "
                f"{xray.kl[idle].sum():.2f} nats an image are paid for nothing.",
            )
        )
    return found


def listed(dimensions: np.ndarray) -> str:
    """Names such as: z2, z7 and 9 more."""
    names = ", ".join(f"z{j}" for j in dimensions[:6])
    return f"{names} and {len(dimensions) - 6} more" if len(dimensions) > 6 else names


def of_units(side: str, units: Units, images: int) -> Finding:
    H = len(units.firing)
    if not units.dead:
        return Finding("good", f"No dead unit among the {side}'s {H}.")
    if units.dead == H:
        return Finding("bad", f"None of the {side}'s {H} units fires on any image.")
    return Finding(
        "note",
        f"{units.dead} dead of the {side}'s {H} units: they fire on none of {images:,} images.",
    )


def of_inputs(xray: XRay) -> Finding:
    loss, mean = xray.recon_nll, xray.mean_image_nll
    others = {
        "in [-1, 1]": xray.recon_nll_signed,
        "less their mean, over their standard deviation,": xray.recon_nll_standard,
    }
    best = min(others, key=others.__getitem__)
    if others[best] < min(loss, mean):
        return Finding(
            "bad",
            f"Pixels {best} give it a lower reconstruction loss ({others[best]:.1f} nats, not "
            f"{loss:.1f}): it was probably trained on those, and GenLab feeds [0, 1].",
        )
    if not loss < mean:
        return Finding(
            "bad",
            f"Its reconstructions cost {loss:.1f} nats, more than the mean image ({mean:.1f}): "
            "it saw other data, or no training.",
        )
    return Finding("good", "Pixels in [0, 1], as GenLab feeds them, suit it.")
