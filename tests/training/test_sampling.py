import torch

from genlab.training.sampling import grouped


def test_every_image_comes_once_and_images_of_a_class_in_groups():
    labels = torch.tensor([3] * 10 + [1] * 3 + [7] * 4 + [0])
    order = grouped(labels, torch.Generator().manual_seed(0))
    assert sorted(order.tolist()) == list(range(18))
    classes, sizes = labels[order].unique_consecutive(return_counts=True)
    assert sizes.max() <= 10
    first_groups = dict(zip(classes.tolist(), sizes.tolist(), strict=True))
    assert first_groups[1] == 3
    assert first_groups[7] == 4


def test_a_class_fills_groups_of_four_and_leaves_the_rest():
    labels = torch.arange(6).repeat_interleave(10)
    order = grouped(labels, torch.Generator().manual_seed(1))
    _, sizes = labels[order].unique_consecutive(return_counts=True)
    assert len(sizes) > 6  # in groups all over the order, not class after class
    assert sizes.sum() == 60
    assert (sizes <= 8).all() or (sizes % 2 == 0).all()


def test_the_generator_decides_the_order_alone():
    labels = torch.arange(20) % 7
    one, two, other = (grouped(labels, torch.Generator().manual_seed(seed)) for seed in (5, 5, 6))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
