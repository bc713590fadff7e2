"""The words of GAN in the plane: what to look for, the maths, the settings, the script."""

from dataclasses import fields

from genlab.explore.plane_density import BLUR
from genlab.explore.plane_gan import NOISES, PlaneConfig
from genlab.ui.plane_view import PlaneView, configs_of

LOOK_FOR = """
- Press *D step*, then *G step*, a few times: D's step turns the pushes, G's step moves the fakes
  along them. G never sees a target; all it knows is the slope of D where its fakes lie.
- Compare D with D* at any moment. D is trained for a few updates at a time and chases a goal that
  moves; where it lags behind D*, the pushes point the wrong way, and the fakes overshoot or circle.
- *Saturation*: take the ring, minimax beside non-saturating, 5 D steps for each G step and
  G's rate 0.0003; choose *push on the fakes* for the second chart. In the first fifty updates D is
  sure, and minimax pushes hundreds of times less: its fakes hardly move. Least squares pushes by
  the distance from c, however sure D is.
- *Mode collapse*: in 1-D take two Gaussians, 5 D steps, D's rate 0.03. Some losses and seeds
  find one hill only; the JSD then rests near 0.22, that of one hill against two.
- When all goes well the fakes lie like the targets, D says ½ wherever there is mass, and V comes
  down to −log 4: then 2 JSD is 0. Where the knobs let the game circle, it never settles.
"""
MATHS = rf"""
The discriminator raises, and the generator lowers, the **value**

$$
V(D, G) = \mathbb{{E}}_{{x \sim p_\mathrm{{data}}}} \log D(x)
+ \mathbb{{E}}_z \log\big(1 - D(G(z))\big)
= \int p_\mathrm{{data}} \log D + p_g \log (1 - D)\, dx .
$$

At each $x$ the integrand is highest at the **optimal discriminator**, and with it the value is a
distance between the two densities:

$$
D^*(x) = \frac{{p_\mathrm{{data}}(x)}}{{p_\mathrm{{data}}(x) + p_g(x)}}, \qquad
V(D^*, G) = 2\,\mathrm{{JSD}}(p_\mathrm{{data}} \,\|\, p_g) - \log 4,
\qquad 0 \le \mathrm{{JSD}} \le \log 2 .
$$

So $V(D) \le V(D^*)$ always, and $-\log 4$ is reached only at $p_g = p_\mathrm{{data}}$.

**Losses of G**, with the logit $l = D$'s output before the sigmoid $\sigma$, and their slopes:

$$
\text{{minimax}}: \log(1 - \sigma(l)),\ -\sigma(l); \qquad
\text{{non-saturating}}: -\log \sigma(l),\ \sigma(l) - 1; \qquad
\text{{least squares}}: \tfrac12 (D - c)^2,\ D - c .
$$

Where D is sure of a fake, $\sigma(l) \to 0$: the minimax slope vanishes, the non-saturating one
goes to $-1$. The **pushes** are $-\partial\,\mathrm{{loss}}_G / \partial x$ at the fakes, drawn
with length $|g| / (1 + |g|)$ so that small and large ones can be seen together.

**Least squares** asks D for $a$ on fakes and $b$ on targets, $\tfrac12 \mathbb{{E}}(D(x) - b)^2 +
\tfrac12 \mathbb{{E}}(D(G(z)) - a)^2$. Its optimum and what it leaves are

$$
D^*(x) = \frac{{b\,p_\mathrm{{data}}(x) + a\,p_g(x)}}{{p_\mathrm{{data}}(x) + p_g(x)}}, \qquad
\tfrac12 (b - a)^2 \int \frac{{p_\mathrm{{data}}\, p_g}}{{p_\mathrm{{data}} + p_g}}\,dx
\ \le\ \tfrac14 (b - a)^2 .
$$

With $b - c = 1$ and $b - a = 2$ the generator then minimises Pearson's
$\chi^2(p_\mathrm{{data}} + p_g \,\|\, 2 p_g) / 2$. Its value is shown with the sign turned, so that
D raises it too; colours show $(D - a) / (b - a)$.

**How the densities are known.** Targets are mixtures of Gaussians or step functions, so
$p_\mathrm{{data}}$ is exact. $p_g$ is the push-forward of evenly spread noises: 4,181 of a
Fibonacci lattice in 2-D, 4,096 quantiles in 1-D. Both are looked at through the same Gaussian of
width {BLUR} (the kernel of the density estimate), on 40 by 40 or 160 cells; what lies outside
counts at the border. Values, JSD and D* are sums over these cells, so $V(D) \le V(D^*)$ holds
exactly.

Both trainings draw weights, points and noises from the same three streams of one seed. D and G
have two hidden layers of tanh; Adam with $\beta = (0.5, 0.999)$.

Goodfellow et al. 2014, arXiv:1406.2661 (figure 1, proposition 1, theorem 1); Mao et al. 2017,
arXiv:1611.04076 (least squares). The idea of a GAN in the plane to play with: Kahng et al. 2019,
GAN Lab, arXiv:1809.01587.
"""


def goal(config: PlaneConfig) -> str:
    """What a generator of this loss lowers."""
    if config.loss == "least-squares":
        sign = "+" if config.c < 0 else "−"
        return f"G lowers ½ (D(G(z)) {sign} {abs(config.c):g})²"
    return "G lowers log(1 − D(G(z)))" if config.loss == "minimax" else "G lowers −log D(G(z))"


def summary(view: PlaneView) -> str:
    """The settings in one line."""
    code = ""
    if "least-squares" in (view.left, view.right):
        code = f" · code a, b, c = {view.a:g}, {view.b:g}, {view.c:g}".replace("-", "−")
    return (
        f"Adam, learning rate {view.rate_d:g} of D and {view.rate_g:g} of G · "
        f"{view.d_steps} D step{'s' * (view.d_steps > 1)} for each G step · "
        f"2 × {view.hidden} hidden units · batch {view.batch} · {view.updates:,} updates · "
        f"{NOISES[view.noise]} noise · seed {view.seed}{code}"
    )


def plane_script(view: PlaneView) -> str:
    """A script of genlab calls that makes the moment on show.

    It leaves `configs`, `shown` (a Frame of each training) and the Plotly `figure`.
    """
    close = "" if view.close is None else f", close={view.close}"
    at = view.updates if view.at is None else view.at
    return "\n".join(
        [
            "from genlab.explore.plane_film import frames",
            "from genlab.explore.plane_gan import PlaneConfig",
            "from genlab.plots.plane_gan import plane_panels",
            "",
            "configs = [",
            *(f"    PlaneConfig({changed(config)})," for config in configs_of(view)),
            "]",
            "shown = []",
            "for config in configs:",
            f"    film = list(frames(config{close}))  # a Frame has D, D*, fakes, slopes, ...",
            f"    shown.append(min(film, key=lambda frame: abs(frame.time - {at:g})))",
            "    frame = shown[-1]",
            "    print(config.loss, frame.value, frame.best, frame.jsd)  # V(D), V(D*), JSD: nats",
            "",
            "figure = plane_panels(configs, shown)",
            'figure.write_html("plane.html")',
        ]
    )


def changed(config: PlaneConfig) -> str:
    """The fields that are not at their defaults, and the loss, as arguments."""
    told = [
        f"{knob.name}={getattr(config, knob.name)!r}"
        for knob in fields(PlaneConfig)
        if knob.name == "loss" or getattr(config, knob.name) != knob.default
    ]
    return ", ".join(told)
