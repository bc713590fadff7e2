from dataclasses import replace

import pytest
import torch
from torch.nn.functional import normalize

from genlab.models.siamese import SiameseConfig, SiameseNetwork, stages_of


@pytest.mark.parametrize(("height", "width"), [(28, 28), (56, 46), (64, 64), (8, 9)])
@pytest.mark.parametrize(
    ("loss", "sphere"), [("contrastive", "no"), ("triplet", "yes"), ("cosine-softmax", "no")]
)
def test_images_of_any_sides_are_embedded(height, width, loss, sphere):
    sides = {"height": height, "width": width}
    config = SiameseConfig(**sides, embedding_dim=3, channels=2, loss=loss, sphere=sphere)
    model = SiameseNetwork(config).eval()
    images = torch.rand(4, config.pixels)
    embeddings = model.embed(images)
    assert embeddings.shape == (4, 3)
    torch.testing.assert_close(model.head(model.features(images)).argmax(1), embeddings.argmax(1))
    unit = torch.allclose(embeddings.norm(dim=1), torch.ones(4))
    assert unit == (loss != "contrastive")


def test_light_and_contrast_say_nothing():
    model = SiameseNetwork(SiameseConfig(channels=2)).eval()
    images = torch.rand(3, 784)
    torch.testing.assert_close(
        model.embed(0.3 * images + 0.5), model.embed(images), atol=1e-3, rtol=1e-3
    )


def test_an_image_is_embedded_alike_in_any_batch():
    model = SiameseNetwork(SiameseConfig(channels=2)).eval()
    images = torch.rand(5, 784)
    torch.testing.assert_close(model.embed(images)[2:3], model.embed(images[2:3]))


@pytest.mark.parametrize("loss", ["triplet", "cosine-softmax"])
def test_a_face_and_its_mirror_image_have_one_embedding_but_not_while_training(loss):
    torch.manual_seed(0)
    config = SiameseConfig(height=12, width=10, embedding_dim=3, channels=2, loss=loss)
    images = torch.rand(4, 12, 10)
    both = images.flatten(1), images.flip(2).flatten(1)
    plain = SiameseNetwork(config).eval()
    model = SiameseNetwork(replace(config, mirror="yes")).eval()
    model.load_state_dict(plain.state_dict())
    one, other = (model.embed(side) for side in both)
    torch.testing.assert_close(one, other)
    mean = sum(plain.embed(side) for side in both) / 2
    wanted = normalize(mean) if loss == "cosine-softmax" else mean
    torch.testing.assert_close(one, wanted)
    model.train()
    assert not torch.allclose(*(model.embed(side) for side in both), atol=1e-3)


def test_stages_end_at_about_four_pixels():
    assert [stages_of((side, side)) for side in (8, 28, 32)] == [1, 3, 3]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"embedding_dim": 0}, "embedding_dim is 0; choose 1 or more"),
        ({"height": 4}, "height is 4; the images need 8"),
        ({"loss": "hinge"}, "loss is 'hinge'; choose contrastive, triplet"),
        ({"mining": "soft"}, "choose all, hard"),
        ({"mirror": "maybe"}, "choose no, yes"),
        ({"sphere": "round"}, "sphere is 'round'; choose no, yes"),
        ({"margin": -1.0}, "margin is -1.0; choose 0 or more"),
        ({"scale": 0.0}, "choose above 0"),
        ({"dropout": 1.0}, "from 0 to below 1"),
        ({"identities": 1}, "there must be 2"),
        ({"erasing": 1.5}, "erasing is 1.5; choose from 0 to 1"),
    ],
)
def test_a_bad_setting_is_named_with_its_mend(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        SiameseConfig(**change)
