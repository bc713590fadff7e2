import pytest
import torch

from genlab.models.digit_classifier import ClassifierConfig, DigitClassifier

SMALL = ClassifierConfig(channels=2, feature_dim=7)


def test_features_and_logits_have_their_shapes_and_logits_are_linear_in_the_features():
    torch.manual_seed(0)
    model = DigitClassifier(SMALL).eval()
    images = torch.rand(5, 784)
    features, logits = model.features(images), model(images)
    assert features.shape == (5, 7)
    assert logits.shape == (5, 10)
    torch.testing.assert_close(logits, features @ model.head.weight.T + model.head.bias)


def test_in_eval_mode_an_image_does_not_depend_on_the_others_of_its_batch():
    torch.manual_seed(0)
    model = DigitClassifier(SMALL)
    model(torch.rand(64, 784))  # moves the running statistics
    images = torch.rand(6, 784)
    model.eval()
    torch.testing.assert_close(model(images)[2:3], model(images[2:3]))


def test_the_shipped_size_stays_small():
    model = DigitClassifier(ClassifierConfig())
    assert sum(p.numel() for p in model.parameters()) == 138_266


@pytest.mark.parametrize(
    ("field", "value", "mend"),
    [
        ("pixels", 100, "takes 784"),
        ("channels", 0, "choose 1 or more"),
        ("feature_dim", 0, "choose 1 or more"),
        ("classes", 1, "choose 2 or more"),
        ("dropout", 1.0, "from 0 to below 1"),
    ],
)
def test_config_refuses_nonsense_and_says_what_to_choose(field, value, mend):
    with pytest.raises(ValueError, match=mend):
        ClassifierConfig(**{field: value})
