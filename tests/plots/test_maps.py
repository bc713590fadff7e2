import numpy as np

from genlab.plots.maps import paired_maps
from genlab.plots.palette import CLASS_COLOURS


def figure_of(rng, **options):
    left, right = rng.normal(size=(2, 30, 2))
    labels = np.arange(30) % 3
    return left, right, labels, paired_maps(left, right, labels, ("a", "b", "c"), **options)


def test_each_class_is_one_trace_in_each_map_in_its_colour(rng):
    left, right, labels, figure = figure_of(rng)
    assert [trace.name for trace in figure.data] == ["a", "b", "c"] * 2
    for trace, embedding in zip(figure.data, [left] * 3 + [right] * 3, strict=True):
        label = "abc".index(trace.name)
        np.testing.assert_array_equal(trace.x, embedding[labels == label, 0])
        np.testing.assert_array_equal(trace.y, embedding[labels == label, 1])
        assert trace.marker.color == CLASS_COLOURS[label]


def test_what_is_not_chosen_fades_and_hidden_classes_are_left_out(rng):
    chosen = np.zeros(30, bool)
    chosen[[0, 1, 2]] = True
    *_, figure = figure_of(rng, chosen=chosen, hidden=(2,))
    assert {trace.name for trace in figure.data} == {"a", "b"}
    for trace in figure.data:
        np.testing.assert_array_equal(trace.marker.opacity > 0.5, chosen[trace.customdata])
