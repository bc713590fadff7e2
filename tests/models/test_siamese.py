import pytest
import torch

from genlab.models.siamese import SiameseConfig, SiameseNetwork, stages_of


@pytest.mark.parametrize(("height", "width"), [(28, 28), (56, 46), (64, 64), (8, 9)])
@pytest.mark.parametrize("loss", ["contrastive", "cosine-softmax"])
def test_images_of_any_sides_are_embedded(height, width, loss):
    config = SiameseConfig(height=height, width=width, embedding_dim=3, channels=2, loss=loss)
    model = SiameseNetwork(config).eval()
    images = torch.rand(4, config.pixels)
    embeddings = model.embed(images)
    assert embeddings.shape == (4, 3)
    torch.testing.assert_close(model.head(model.features(images)).argmax(1), embeddings.argmax(1))
    unit = torch.allclose(embeddings.norm(dim=1), torch.ones(4))
    assert unit == (loss == "cosine-softmax")


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
        ({"margin": -1.0}, "margin is -1.0; choose 0 or more"),
        ({"scale": 0.0}, "choose above 0"),
        ({"dropout": 1.0}, "from 0 to below 1"),
        ({"identities": 1}, "there must be 2"),
    ],
)
def test_a_bad_setting_is_named_with_its_mend(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        SiameseConfig(**change)
