from genlab.plots.curves import loss_curves

LINES = [
    {
        "epoch": epoch,
        "train": {"pair_loss": 2.0 / epoch, "pair_eer": 0.2},
        "validation": {"pair_eer": 0.3},
    }
    for epoch in (1, 2, 3)
]


def test_a_loss_of_training_alone_has_its_panel_without_a_second_line():
    figure = loss_curves(LINES, best_epoch=2)
    assert [note.text for note in figure.layout.annotations[:2]] == [
        "Loss of the pairs",
        "Equal error rate",
    ]
    lines = {(line.xaxis, line.name): line.y for line in figure.data}
    assert lines["x", "train"] == (2.0, 1.0, 2.0 / 3.0)
    assert lines["x", "validation"] == (None, None, None)
    assert lines["x2", "validation"] == (0.3, 0.3, 0.3)
