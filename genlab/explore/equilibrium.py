"""What each loss of a GAN is where nobody can gain: p_g = p_data, and the discriminator cannot
tell. Lines for its curves, as the entropy of the pixels is one for a VAE's. No torch in here.

Goodfellow et al. 2014, arXiv:1406.2661, theorem 1: D = 1/2, V = -log 4. Mao et al. 2017,
arXiv:1611.04076: of least squares the discriminator says (a + b) / 2.
"""

import math
from collections.abc import Mapping
from typing import Any


def equilibrium(model: Mapping[str, Any]) -> dict[str, float]:
    """Loss -> its value there, by the "model" of a config; without label smoothing."""
    if model.get("loss") == "least-squares":
        usual = {"fake_code": 0.0, "real_code": 1.0, "wanted_code": 1.0}
        a, b, c = (model.get(name, value) for name, value in usual.items())
        said = 0.5 * (a + b)
        loss_d = 0.5 * (said - b) ** 2 + 0.5 * (said - a) ** 2
        return {"loss_d": loss_d, "loss_g": 0.5 * (said - c) ** 2, "d_real": 0.5, "d_fake": 0.5}
    sign = -1.0 if model.get("loss") == "minimax" else 1.0
    return {
        "loss_d": math.log(4.0),
        "loss_g": sign * math.log(2.0),
        "d_real": 0.5,
        "d_fake": 0.5,
    }
