"""What the Train page says of each family: what to look for, and the maths."""

LATENT_LOOK = """
- The first hundred updates fall furthest: the model learns the mean image (the upper dashed line)
  before it learns what tells images apart. No curve crosses the lower one, the pixels' entropy.
- The KL rises while the reconstruction NLL falls: the code begins to say something. Each nat it
  costs must save more than one in the reconstruction.
- Validation rises while training still falls? That is overfitting; fewer images bring it sooner.
  Start several seeds: what lies inside the band is chance.
"""
GAN_LOOK = """
- The pictures, not the losses: each loss is measured against a moving opponent, so a falling one
  says who is ahead, not that the images are better.
- D(x) and D(G(z)): at one half, the dashed line, the discriminator can only guess. At 1 and 0 it is
  saturated; a minimax generator then gets no gradient, a non-saturating one still does.
- The same image for every noise is mode collapse. Start several seeds: some collapse, some do not.
- The stabilisers under More settings change who wins: smoothing and instance noise hold the
  discriminator back, spectral normalisation and R1 keep it from being steep.
"""
CLASSIFIER_LOOK = """
- The training images are moved by up to two pixels and some features are left out, so the
  training curve may lie above the validation curve all the way.
- The weights kept are those of the epoch with the lowest validation cross-entropy, which need not
  be that with the fewest errors: a sure mistake costs more than an unsure one.
"""
LATENT_MATHS = r"""
Each update draws a batch of $B$ images and lowers the **negative ELBO**, in nats per image,

$$
-\mathrm{ELBO}(x) =
\underbrace{\mathbb{E}_{q(z \mid x)}\big[-\log p(x \mid z)\big]}_{\text{reconstruction NLL}}
+ \underbrace{\mathrm{KL}\big(q(z \mid x)\,\|\,p(z)\big)}_{\text{KL}} \;\ge\; -\log p(x),
$$

with one draw $z = \mu + \sigma \odot \varepsilon$, $\varepsilon \sim \mathcal{N}(0, I)$, for each
image. A CVAE is given the label $c$ on both sides.
"""
GAN_MATHS = r"""
Discriminator and generator play for $V(D, G) = \mathbb{E}_x[\log D(x)] + \mathbb{E}_z[\log(1 -
D(G(z)))]$. Each update draws $B$ images and $B$ noises and moves the discriminator once, then the
generator once, on the same noises. With logits $\ell$, $D = 1/(1 + e^{-\ell})$ and
$\mathrm{softplus}(t) = \log(1 + e^t)$,

$$
L_D = \overline{\mathrm{softplus}(-\ell(x))} + \overline{\mathrm{softplus}(\ell(G(z)))} = -V,
\qquad
L_G = \begin{cases}
-\overline{\mathrm{softplus}(\ell(G(z)))} & \text{minimax: } \log(1 - D),\\
\phantom{-}\overline{\mathrm{softplus}(-\ell(G(z)))} & \text{non-saturating: } -\log D,\\
\phantom{-}\overline{\tfrac12 (\ell(G(z)) - c)^2} & \text{least squares.}
\end{cases}
$$

**Least squares** takes the outputs as they are: $L_D = \overline{\tfrac12(\ell(x) - b)^2} +
\overline{\tfrac12(\ell(G(z)) - a)^2}$; drawn as $D$ is then $(\ell - a)/(b - a)$, which may leave
$[0, 1]$. The **dashed lines** are the equilibrium $p_g = p_\text{data}$: $D = \tfrac12$, $L_D =
\log 4$ and $L_G = \pm\log 2$, or $(b - a)^2 / 4$ and $\tfrac12(\tfrac{a + b}{2} - c)^2$.

Goodfellow et al. 2014, arXiv:1406.2661; Mao et al. 2017, arXiv:1611.04076; Miyato et al. 2018
(spectral normalisation), arXiv:1802.05957; Mescheder et al. 2018 (R1), arXiv:1801.04406.
"""
CLASSIFIER_MATHS = r"""
Each update draws a batch of $B$ images, moves each by a whole number of pixels, and lowers the
**cross-entropy** $-\log p_c$, $p_k = e^{\ell_k} / \sum_j e^{\ell_j}$, of the right class $c$, in
nats per image. One that knows nothing pays $\log K$.
"""
ADAM = r"""
**Adam** keeps running means of the gradient $g_t$ and of its square, and corrects their start at 0:

$$
m_t = \beta_1 m_{t-1} + (1 - \beta_1)\, g_t, \quad
v_t = \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2, \quad
\theta_t = \theta_{t-1} - \eta_t \,
\frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon},
$$

$\beta_1 = 0.9$ (0.5 in a GAN, whose gradients turn about), $\beta_2 = 0.999$, $\epsilon = 10^{-8}$.
The cosine schedule takes $\eta_t = \tfrac12 \eta \,(1 + \cos \pi t / T)$ over the $T$ updates of
the run.
"""
VALIDATION = r"""
**Validation.** A share $s$ of the training images is drawn by the seed and never trained on. After
each epoch the loss on them is measured, and the weights of the epoch with the lowest are kept. The
test images play no part until the run is finished. The training curve is measured while the weights
move, so in the first epochs it may lie above the validation curve.
"""
GAN_VALIDATION = r"""
**Validation.** A share $s$ of the training images is drawn by the seed and never trained on; the
same losses are measured on them after each epoch. A discriminator that gives them less than the
images it was trained on has learnt those by heart. No loss tells which epoch made the best images,
so the weights of the last are kept.
"""
FLOORS = r"""
**Floors.** For pixels $x_i \in [0, 1]$ no reconstruction NLL is below their entropy
$-\sum_i [x_i \log x_i + (1 - x_i) \log (1 - x_i)]$; always predicting the mean training image costs
the other line. Both are of the test images.
"""
SMOOTHED = r"""
The **smoothed** curve is a running mean in which the past keeps the weight $w$ over each 20
updates: $s_t = w\,s_{t-1} + (1 - w)\,y_t$, divided by $1 - w^t$ so that it does not begin at 0.

Kingma & Ba 2015 (Adam), arXiv:1412.6980; Loshchilov & Hutter 2017 (cosine), arXiv:1608.03983.
"""
KINGMA = "\nKingma & Welling 2014, arXiv:1312.6114.\n"

LATENT = (LATENT_LOOK, LATENT_MATHS + ADAM + VALIDATION + FLOORS + SMOOTHED + KINGMA)
WORDS = {
    "vae": LATENT,
    "cvae": LATENT,
    "gan": (GAN_LOOK, GAN_MATHS + ADAM + GAN_VALIDATION + SMOOTHED),
    "classifier": (CLASSIFIER_LOOK, CLASSIFIER_MATHS + ADAM + VALIDATION + SMOOTHED),
}
OTHER = ("- Training beside validation: what lies between them is overfitting.", ADAM + SMOOTHED)


def look_for(family: str) -> str:
    return WORDS.get(family, OTHER)[0]


def maths(family: str) -> str:
    return WORDS.get(family, OTHER)[1]
