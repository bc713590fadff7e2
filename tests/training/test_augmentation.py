import pytest
import torch

from genlab.models.siamese import SiameseConfig
from genlab.training.augmentation import ERASED, augmented


def test_nothing_is_augmented_where_nothing_is_asked_for():
    images = torch.randint(0, 256, (5, 784), dtype=torch.uint8)
    still = augmented(images, SiameseConfig(augmentation=0.0), torch.Generator())
    torch.testing.assert_close(still, images / 255.0)


def test_a_mirror_turns_half_of_the_images_round():
    images = torch.randint(0, 256, (200, 8 * 12), dtype=torch.uint8)
    config = SiameseConfig(height=8, width=12, augmentation=0.0, mirror="yes")
    seen = augmented(images, config, torch.Generator().manual_seed(0)).view(200, 8, 12)
    as_it_was = torch.isclose(seen, images.view(200, 8, 12) / 255.0, atol=1e-5).all((1, 2))
    turned = torch.isclose(seen.flip(2), images.view(200, 8, 12) / 255.0, atol=1e-5).all((1, 2))
    assert (as_it_was ^ turned).all()
    assert 70 < turned.sum() < 130


def test_an_image_is_turned_and_not_sheared_whatever_its_sides():
    """A square block in the middle keeps its area, its centre and its diagonals alike."""
    images = torch.zeros(60, 40, 24, dtype=torch.uint8)
    images[:, 14:26, 6:18] = 255
    config = SiameseConfig(height=40, width=24, augmentation=2.0)
    seen = augmented(images.flatten(1), config, torch.Generator().manual_seed(0)).view(60, 40, 24)
    rows, columns = torch.meshgrid(torch.arange(40.0), torch.arange(24.0), indexing="ij")
    for image in seen:
        mass = image.sum()
        y, x = (image * rows).sum() / mass, (image * columns).sum() / mass
        moments = ((rows - y, rows - y), (columns - x, columns - x), (rows - y, columns - x))
        spread = [(image * one * other).sum() / mass for one, other in moments]
        assert spread[0].item() == pytest.approx(spread[1].item(), rel=0.12)
        assert abs(spread[2].item()) < 0.08 * spread[0].item()


def test_the_share_of_the_images_that_is_asked_for_has_one_rectangle_within_its_bounds():
    images = torch.zeros(400, 40 * 24, dtype=torch.uint8)
    config = SiameseConfig(height=40, width=24, augmentation=0.0, erasing=0.25)
    seen = augmented(images, config, torch.Generator().manual_seed(0)).view(400, 40, 24)
    hidden = seen > 0.0  # a grey is above 0
    some = hidden[hidden.any((1, 2))]
    assert 70 < len(some) < 130
    for image, values in zip(some, seen[hidden.any((1, 2))], strict=True):
        rows, columns = image.any(1), image.any(0)
        assert torch.equal(image, rows[:, None] & columns)  # a rectangle, and whole
        assert len(values.unique()) == 2  # in one grey
        for side, size in ((rows.sum(), 40), (columns.sum(), 24)):
            assert ERASED[0] * size - 1 <= side <= ERASED[1] * size + 1
    places = [[row.float().argmax().item() for row in some.any(axis)] for axis in (1, 2)]
    assert min(places[0]) == min(places[1]) == 0  # up to the edges
