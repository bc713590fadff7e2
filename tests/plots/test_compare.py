import numpy as np
import pytest

from genlab.plots.compare import RUN_COLOURS, Loss, kl_spectra, loss_bars, overlaid_curves

METRICS = [
    {
        "epoch": e,
        "step": 10 * e,
        "seconds": 2.0,
        "train": {"kl": 3.0 * e},
        "validation": {"kl": 2.0 * e},
    }
    for e in (1, 2, 3)
]
COLOURS = {"a": RUN_COLOURS[0], "b": RUN_COLOURS[1]}


def test_bars_begin_at_the_floor_and_end_at_the_negative_elbo():
    figure = loss_bars([Loss("a", recon_nll=220.0, kl=15.0, entropy=190.0, mean_image=385.0)])
    terms = {trace.name: trace.x[0] for trace in figure.data}
    assert terms == {"reconstruction NLL": 30.0, "KL": 15.0, "mean image": 195.0}
    assert figure.layout.barmode == "stack"


@pytest.mark.parametrize(
    ("by", "x"), [("epoch", [1, 2, 3]), ("step", [10, 20, 30]), ("seconds", [2, 4, 6])]
)
def test_curves_stand_over_epochs_updates_or_seconds_so_far(by, x):
    (curve,) = overlaid_curves({"a": METRICS}, "kl", COLOURS, by=by).data
    assert list(curve.x) == x
    assert list(curve.y) == [2.0, 4.0, 6.0]


def test_training_curves_are_dotted_and_of_the_run_s_colour():
    curves = overlaid_curves({"a": METRICS, "b": METRICS}, "kl", COLOURS, train=True).data
    assert [(c.line.color, c.line.dash) for c in curves] == [
        (colour, dash) for colour in COLOURS.values() for dash in ("solid", "dot")
    ]
    assert list(curves[1].y) == [3.0, 6.0, 9.0]


def test_a_loss_that_a_run_does_not_have_is_a_gap():
    (curve,) = overlaid_curves({"a": METRICS}, "neg_elbo", COLOURS).data
    assert list(curve.y) == [None, None, None]


def test_spectra_are_ranked_and_runs_may_differ_in_their_dimensions():
    kl = {"a": np.array([0.5, 2.0, 1e-9]), "b": np.array([1.0])}
    a, b, line = kl_spectra(kl, COLOURS).data
    np.testing.assert_allclose(a.y, [2.0, 0.5, 1e-5])  # a log scale has no 0
    assert (list(a.x), list(b.x)) == ([1, 2, 3], [1])
    assert set(line.y) == {0.01}
