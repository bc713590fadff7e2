"""What the Checkpoints page says of each kind of run: what to look for, and the maths."""

LATENT_LOOK = (
    "- The grey bars, *posterior collapse*: dimensions that the training switched off. A VAE uses "
    "as many as the images pay for, whatever it was given.\n"
    "- The encoder's line that falls to 0: units that never fire are spent weights.\n"
    "- Two runs of one dataset, side by side: the same number of parameters, another number of "
    "active dimensions; and where their configs differ."
)
LATENT_MATHS = r"""
The encoder gives each image a Gaussian $q(z \mid x) = \mathcal{N}(\mu, \mathrm{diag}\,\sigma^2)$.
Its KL from the prior $\mathcal{N}(0, I)$ is a sum over the dimensions, so each has its own price,
here the mean over the images:

$$\mathrm{KL}_j = \tfrac12 \,
\mathbb{E}_x\big[\mu_j(x)^2 + \sigma_j(x)^2 - 1 - \log \sigma_j(x)^2\big] \ge 0,$$

and $\mathrm{KL}_j = 0$ only where $q(z_j \mid x) = \mathcal{N}(0, 1)$ for every $x$.
A dimension at 0 says nothing of the image: *posterior collapse*. It is **active** when its mean
moves with the image, $\mathrm{Var}_x[\mu_j(x)] > 0.01$ (Burda et al. 2016, section 5.2).

A hidden **unit** gives $\max(0, w \cdot x + b)$. One that is at 0 for every image has no gradient
and will not come back: it is *dead*.

The **negative ELBO** is $-\mathbb{E}_{q}[\log p(x \mid z)] + \sum_j \mathrm{KL}_j$. Its first term
cannot go below the entropy of the pixels, $-\sum_i x_i \log x_i + (1 - x_i) \log(1 - x_i)$: the
floor above.
"""
GAN_LOOK = (
    "- The same digit again and again, or a class that is nowhere: *mode collapse*. The mode KL "
    "says it in a number, and the distances of the samples do so without any classifier.\n"
    "- The Fréchet distance beside that of real training images: how many times it is tells how "
    "far the samples still are; a loss does not.\n"
    "- D(x) at 1 and D(G(z)) at 0 in the curves: the discriminator is *saturated*, and the "
    "generator is told little. Both near one half: it can hardly tell.\n"
    "- The probe beside that on an untrained discriminator: what the game has taught it about "
    "digits, without a single label."
)
GAN_MATHS = r"""
The generator turns noise $z$ into an image, the discriminator gives the probability $D(x)$ that an
image is real, and they play for

$$V(D, G) = \mathbb{E}_{x \sim p_\text{data}}[\log D(x)] + \mathbb{E}_{z}[\log(1 - D(G(z)))].$$

For a given generator the best answer is $D^*(x) = p_\text{data}(x) / (p_\text{data}(x) + p_g(x))$;
with it $V = 2\,\mathrm{JSD}(p_\text{data}, p_g) - \log 4$, which is least where $p_g =
p_\text{data}$: there $D = \tfrac12$ everywhere.

The **Fréchet distance** takes the features of real images and of samples, by a fixed classifier, as
two Gaussians: $\lVert m_1 - m_2 \rVert^2 + \mathrm{tr}\big(S_1 + S_2 - 2 (S_1 S_2)^{1/2}\big)$
(Heusel et al. 2017). Between two sets of real images it is not quite 0: that is its zero line.

The **mode KL** is $\sum_k h_k \log(K h_k)$ of the shares $h_k$ of the samples in each of $K$
classes: 0 where all are alike, $\log K$ where there is only one. **Precision** is the share of
samples that lie among the real images, **recall** that of real images among the samples
(Kynkäänniemi et al. 2019).

A ReLU **unit** that no noise turns on has no gradient: it is *dead*. A leaky one never is.
"""
CLASSIFIER_LOOK = (
    "- The bright cells beside the diagonal: which classes are taken for which. They are rarely "
    "symmetric.\n"
    "- The accuracy beside what the nearest training images say by raw pixels: what the network "
    "adds to looking closely.\n"
    "- The shift between its training and validation curves: the more it knows the training images "
    "by heart, the wider."
)
CLASSIFIER_MATHS = r"""
Logits $\ell \in \mathbb{R}^K$ become probabilities $p_k = e^{\ell_k} / \sum_j e^{\ell_j}$. Training
lowers the **cross-entropy** $-\log p_c$ of the right class $c$, the mean over the images; a
classifier that knows nothing pays $\log K$, for ten classes 2.303 nats.

Batch normalisation gives each channel the mean $\beta$ and the standard deviation $|\gamma|$ over
the images. Behind it a ReLU is on for about $\Phi(\beta / |\gamma|)$ of the places: a channel where
that is below one in ten thousand counts as *dead*.
"""
OTHER_LOOK = "- Where the parameters are, and whether any number is NaN or infinite."
OTHER_MATHS = (
    "A family that this GenLab does not know: what is shown follows from the weights alone."
)

WORDS = {
    "vae": (LATENT_LOOK, LATENT_MATHS),
    "cvae": (LATENT_LOOK, LATENT_MATHS),
    "gan": (GAN_LOOK, GAN_MATHS),
    "classifier": (CLASSIFIER_LOOK, CLASSIFIER_MATHS),
}


def look_for(family: str) -> str:
    return WORDS.get(family, (OTHER_LOOK, OTHER_MATHS))[0]


def maths(family: str) -> str:
    return WORDS.get(family, (OTHER_LOOK, OTHER_MATHS))[1]
