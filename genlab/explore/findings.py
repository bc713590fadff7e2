"""What stands out in an X-ray, in sentences."""

from dataclasses import dataclass
from typing import Literal

from genlab.explore.xray import Units, XRay


@dataclass(frozen=True)
class Finding:
    kind: Literal["good", "note", "bad"]
    text: str  # one sentence


def findings(xray: XRay) -> list[Finding]:
    """One sentence each on the weights, the latent dimensions, the units and the inputs."""
    found = [
        of_latents(len(xray.kl), int(xray.active.sum())),
        of_units("encoder", xray.encoder, xray.images),
        of_units("decoder", xray.decoder, xray.images),
        of_inputs(xray),
    ]
    if xray.not_finite:
        text = f"{xray.not_finite:,} weights are NaN or infinite: the model is of no use."
        found.insert(0, Finding("bad", text))
    return found


def of_latents(Z: int, active: int) -> Finding:
    if active == Z:
        return Finding("good", f"All {Z} latent dimensions are active.")
    if active == 0:
        return Finding("bad", f"All {Z} latent dimensions collapsed to the prior.")
    rest = "is inactive" if Z - active == 1 else "are inactive"
    return Finding(
        "note", f"{Z - active} of {Z} latent dimensions {rest}: the decoder does without."
    )


def of_units(side: str, units: Units, images: int) -> Finding:
    H = len(units.firing)
    if not units.dead:
        return Finding("good", f"No dead unit among the {side}'s {H}.")
    if units.dead == H:
        return Finding("bad", f"None of the {side}'s {H} units fires on any image.")
    return Finding(
        "note", f"{units.dead} of the {side}'s {H} units fire on none of {images:,} images."
    )


def of_inputs(xray: XRay) -> Finding:
    loss, signed, mean = xray.recon_nll, xray.recon_nll_signed, xray.mean_image_nll
    if signed < min(loss, mean):
        return Finding(
            "bad",
            f"Pixels in [-1, 1] give it a lower reconstruction loss ({signed:.1f} nats, not "
            f"{loss:.1f}): it was probably trained on those, and GenLab feeds [0, 1].",
        )
    if not loss < mean:
        return Finding(
            "bad",
            f"Its reconstructions cost {loss:.1f} nats, more than the mean image ({mean:.1f}): "
            "it saw other data, or no training.",
        )
    return Finding("good", "Pixels in [0, 1], as GenLab feeds them, suit it.")
