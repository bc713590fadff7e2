"""EM step by step beside pycpd, which follows the paper with whole matrices.

pycpd always fits the scale, so its rigid model is our similarity. Its outliers have the density
1/N, which is ours in a volume of N.
"""

import numpy as np
import pytest
from pycpd import AffineRegistration, RigidRegistration

from genlab.registration.config import RegistrationConfig
from genlab.registration.em import register
from genlab.registration.shapes import fish, planted, star
from genlab.registration.transforms import Transform


@pytest.mark.parametrize("precision", ["fast", "float64"])
@pytest.mark.parametrize("w", [0.0, 0.2])
@pytest.mark.parametrize("shape", [fish, star])
@pytest.mark.parametrize(("model", "peer"), [("similarity", RigidRegistration),
                                             ("affine", AffineRegistration)])  # fmt: skip
def test_every_step_agrees(model, peer, shape, w, precision):
    D = 2 if shape is fish else 3
    truth = Transform.turn(20, None if D == 2 else (1, 2, 3), np.full(D, 0.5))
    p = planted(shape, 80, truth, noise=0.02, outliers=0.25)
    theirs = peer(X=p.target, Y=p.source, w=w)
    config = RegistrationConfig(
        model=model, outliers=w, outlier_volume=len(p.target), precision=precision, tol=0
    )
    for step, state in zip(range(15), register(p.source, p.target, config), strict=False):
        assert state.sigma**2 == pytest.approx(theirs.sigma2, rel=2e-5), step
        np.testing.assert_allclose(state.moved(p.source), theirs.TY, atol=1e-5)
        theirs.iterate()
    assert step == 14
