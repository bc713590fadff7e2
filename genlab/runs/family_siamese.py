"""The entry of Siamese networks in the table of families."""

from genlab.runs.family import PARAMETERS, Door, Family, Figure, Graph, Loss, Model

FIGURES = (
    Figure(
        title="Pair accuracy",
        key="pair_accuracy_test",
        decimals=4,
        better=1,
        beside={"raw pixels": "floors.raw_pair_accuracy"},
        under={"threshold": "pair_threshold"},
        help="Share of the test pairs that are told rightly, at the threshold that does best on "
        "training pairs; half of the pairs show one class. Beside it the same by the distance of "
        "the pixels.",
    ),
    Figure(
        title="AUC",
        key="pair_auc_test",
        decimals=4,
        better=1,
        beside={"raw pixels": "floors.raw_pair_auc"},
        help="How often two test images of one class are nearer to one another than two of two "
        "classes; 0.5 is chance.",
    ),
    Figure(
        title="EER",
        key="pair_eer_test",
        decimals=4,
        better=-1,
        beside={"raw pixels": "floors.raw_pair_eer"},
        help="Equal error rate: where as large a share of the different pairs is accepted as of "
        "the same pairs is rejected.",
    ),
    Figure(
        title="Nearest neighbours' accuracy",
        short="k-NN accuracy",
        key="knn_accuracy_test",
        decimals=4,
        better=1,
        beside={"raw pixels": "floors.raw_knn"},
        help="Of digits: the class of most of the five nearest training images. Of faces: that of "
        "the nearest other test image.",
    ),
    PARAMETERS,
)
LOSSES = {
    "pair_loss": Loss("Loss of the pairs", "", "loss"),
    "pair_eer": Loss("Equal error rate", "", "EER"),
    "d_same": Loss("Distance of same pairs"),
    "d_different": Loss("Distance of different pairs"),
}


def brief(model: Model) -> str:
    E = model.get("embedding_dim")
    return f"{E}-D" if isinstance(E, int) and E else ""


def words(model: Model) -> str:
    E, loss, margin, C = (model.get(k) for k in ("embedding_dim", "loss", "margin", "channels"))
    return f"{E}-D embedding, {loss} loss with margin {margin}, {C} channels in the first stage"


def call(model: Model) -> str:
    sides = f"{model.get('height')} * {model.get('width')}"
    return f"embeddings = model.embed(torch.rand(16, {sides}))  # of images in [0, 1]"


def layers(model: Model) -> str:
    H, W, mining = (model.get(key) for key in ("height", "width", "mining"))
    parts = [f"3 x 3 convolutions on {H} x {W} images, {words(model)}"]
    if model.get("loss") == "cosine-softmax":
        parts.append(f"scale {model.get('scale')}")
    else:
        parts.append(f"{mining} pairs of a batch")
    parts += ["embeddings of length 1"] if model.get("sphere") == "yes" else []
    parts.append(f"augmentation {model.get('augmentation')}")
    parts += [f"erasing {model['erasing']}"] if model.get("erasing") else []
    parts += ["mirrored by chance"] if model.get("mirror") == "yes" else []
    parts += [f"dropout {model['dropout']}"] if model.get("dropout") else []
    return "; ".join(parts)


def frame_bytes(model: Model) -> int:
    """Of the embeddings in float16 of as many images as training/siamese_step.py films."""
    E = model.get("embedding_dim") or 1
    return 2 * E * min(1000, 32_000 // E)


SIAMESE = Family(
    short="Siamese",
    title="Siamese network",
    figures=FIGURES,
    losses=LOSSES,
    watched=("pair_loss", "pair_eer"),
    pictures=("held-out images", "as training moves them"),
    portrait="embedding",
    xray="layers",
    brief=brief,
    words=words,
    layers=layers,
    doors=(
        Door(
            "siamese",
            "Siamese pairs",
            ":material/compare:",
            "runs",
            live="show=film&job={id}",
        ),
    ),
    graph=Graph(
        "Embedding as ONNX",
        "From images in [0, 1] to embeddings; any batch size.",
        "-embedding.onnx",
        torch=True,
    ),
    call=call,
    tags=("siamese", "metric-learning", "image-verification"),
    task="image-feature-extraction",
    has_film=True,
    frame_bytes=frame_bytes,
    verifies=True,
)
