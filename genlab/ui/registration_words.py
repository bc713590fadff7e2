"""The words of the registration page: what to look for, the maths, the script."""

from collections.abc import Mapping
from dataclasses import fields

from genlab.registration.config import RegistrationConfig
from genlab.registration.icp import ICPConfig
from genlab.ui.registration_problem import AXIS, beside_config, em_config
from genlab.ui.registration_view import DRAWN, FILES, OF_SPACE, RegistrationView

INTRODUCTION = (
    "Nobody says which points match: the **E step** guesses, the **M step** moves the source. "
    "Play it, or drag the orange cloud to another start."
)
LOOK_FOR = """
- Press *E step*, then *M step*, a few times. At first every point is drawn to the middle of all
  targets and the lines are a haze. As the clouds come together, the haze thins to pairs.
- Drag the source far away or turn it with its handle, and let go: EM only climbs from where it
  begins. *Where each start ends* shows which starts find the planted answer.
- The likelihood never falls, whatever the start; it may end on a lower hill. The red path in the
  landscape goes uphill at every step, in large steps where the matches are soft.
- *The other Pi* beside EM: with Pi = R every step hardens the matches that the last one made, so it
  is sure sooner and may stop short of the planted T. With Pi held uniform the softness stays what
  sigma makes it.
- *ICP* is EM with sigma shrunk to nothing. Turn the target by 60 degrees: ICP settles for the
  nearest points at once, EM with a fitted or annealed sigma looks around first.
- Add strays, or let part of the target be missing: without an outlier component every stray pulls
  as hard as a true match. Give it a weight near the share of strays and watch T come back.
"""
MATHS = r"""
The source $p_1 \dots p_N$ is moved by $T$, the target $q_1 \dots q_N$ stays. Hidden is
$Z_{ij} = 1$ where $p_i$ matches $q_j$: each $p_i$ has one partner, and several may share one. With
a known $\sigma$,

$$
\mathcal{N}_{ij} = \frac{1}{\sqrt{2\pi}\,\sigma}
\exp\!\Big(\!-\frac{\lVert p_i + T - q_j \rVert^2}{2\sigma^2}\Big), \qquad
P(Z_{ij} = 1) = \Pi_{ij}, \quad \sum_j \Pi_{ij} = 1 .
$$

(The factor is kept as the textbook states it; the proper one in $D$ dimensions is
$(2\pi\sigma^2)^{-D/2}$. It moves the curve of the likelihood up or down, not its course.)

**E step**: how sure each match is, the opacity of the lines. **M step**: the mean way to go.

$$
r_{ij} = \frac{\Pi_{ij}\,\mathcal{N}_{ij}}{\sum_k \Pi_{ik}\,\mathcal{N}_{ik}}, \qquad
T = -\frac1N \sum_{ij} r_{ij}\,(p_i - q_j), \qquad \Pi = R .
$$

Both together raise $Q(\psi \mid \psi_t) = \sum_{ij} r_{ij} \log(\mathcal{N}_{ij} \Pi_{ij})$, with
$0 \log 0 = 0$, the mean of the **complete-data** log-likelihood
$\sum_{ij} Z_{ij} \log(\mathcal{N}_{ij} \Pi_{ij})$ under what the E step believes. So the
**observed** log-likelihood never falls:

$$
\ell(\psi) = \sum_i \log \sum_j \Pi_{ij}\, \mathcal{N}_{ij} .
$$

**Two kinds of Pi.** With $\Pi = R$ a weight once lost stays lost: $r$ after $t$ steps is the
product of $t$ Gaussians, as if $\sigma$ were shrinking to $\sigma / \sqrt t$. With
$\Pi_{ij} = 1/N$ held, each $r$ is made afresh. If $r$ is 0 or 1 with $p_1 \dots p_{\lfloor N/2
\rfloor}$ on $q_1$ and the rest on $q_2$, then
$T = -\frac1N \big(\sum_i p_i - \lfloor N/2 \rfloor q_1 - (N - \lfloor N/2 \rfloor) q_2\big)$.

**Mixture on the source.** Coherent point drift turns it round: every *target* point is a draw from
a mixture centred on the moved source, so columns of $r$ sum to 1, and a share $w$ of the targets
may be strays, spread evenly over a volume $V$:

$$
p(q_j) = \frac{w}{V}
+ \frac{1 - w}{M} \sum_{i=1}^{M} \mathcal{N}(q_j;\, s R\, p_i + t,\, \sigma^2 I).
$$

The M step is a weighted Procrustes problem: with the centred clouds $X$ (targets) and $Y$
(sources), $A = X^\top P^\top Y$ and its singular vectors, $R = U \,\mathrm{diag}(1, \dots,
\det UV^\top)\, V^\top$ and $s = \mathrm{tr}(A^\top R) / \mathrm{tr}(Y^\top \mathrm{d}(P1) Y)$; the
affine fit is linear regression. A **fitted** $\sigma$ is

$$
\sigma^2 = \frac{\mathrm{tr}\, XPX - 2 s\, \mathrm{tr}(A^\top R)
+ s^2\, \mathrm{tr}\, YPY}{N_P\, D},
$$

shorter only where $s$ is fitted too. An **annealed** $\sigma$ falls by a tenth in every step, and
then the likelihood may fall with it. **ICP** gives every source point its nearest target alone:
$\sigma \to 0$.

Dempster, Laird & Rubin 1977 (EM); Besl & McKay 1992 (ICP); Myronenko & Song 2010 (coherent point
drift), arXiv:0905.2635.
"""


def registration_script(view: RegistrationView, names: Mapping[str, str]) -> str:
    """A script of genlab calls that makes the same run; it leaves `states` and a Plotly `figure`.

    Args:
        names: "source" and "target" to the names of a visitor's files.
    """
    D = 3 if view.cloud in OF_SPACE else 2
    config = em_config(view)
    lines = ["import numpy as np", ""]
    clouds = clouds_script(view, names, D)
    imports = {
        "genlab.explore.registration_maps": "landscape",
        "genlab.plots.registration": "landscape_figure",
        "genlab.registration.config": "RegistrationConfig",
        "genlab.registration.em": "register",
    }
    imports["genlab.registration.transforms"] = "Transform"
    if view.cloud == FILES:
        imports["genlab.registration.clouds"] = "read_cloud, write_cloud"
    else:
        imports["genlab.registration.clouds"] = "write_cloud"
        imports["genlab.registration.shapes"] = (
            "planted" if view.cloud == DRAWN else "SHAPES, planted"
        )
    if view.cloud == DRAWN:
        imports["genlab.explore.drawn_cloud"] = "drawn_shape"
    beside = beside_config(view)
    if isinstance(beside, ICPConfig):
        imports["genlab.registration.icp"] = "ICPConfig, icp"
    lines += [f"from {module} import {imports[module]}" for module in sorted(imports)]
    lines += ["", *clouds, "", f"config = {written(config)}"]
    lines += [*start_script(view), "states = list(register(source, target, config, start))"]
    lines += [
        "for state in states:",
        "    print(state.step, state.transform.translation, state.sigma, state.log_likelihood)",
    ]
    if isinstance(beside, ICPConfig):
        lines += [f"other = list(icp(source, target, {written(beside)}, start))"]
    elif beside is not None:
        lines += [f"other = list(register(source, target, {written(beside)}, start))"]
    lines += [
        "",
        'write_cloud("moved.csv", states[-1].moved(source))',
        "hills = landscape(source, target, config, states, sigma=max(states[-1].sigma, 0.05))",
        "figure = landscape_figure(hills)",
        'figure.write_html("registration.html")',
    ]
    if not any("np." in line for line in lines):
        lines = lines[2:]
    return "\n".join(lines)


def clouds_script(view: RegistrationView, names: Mapping[str, str], axes: int) -> list[str]:
    if view.cloud == FILES:
        return [
            f"{role} = read_cloud({names.get(role, role + '.csv')!r})"
            for role in ("source", "target")
        ]
    shape = f'SHAPES["{view.cloud}"]' if view.cloud != DRAWN else f"drawn_shape({view.ink!r})"
    shift = (view.away_x, view.away_y, 0.0)[:axes]
    axis = "" if axes == 2 else f", {AXIS}"
    turn = f"{view.size:g} * Transform.turn({view.turn:g}{axis}).linear"
    return [
        f"truth = Transform({turn}, np.array({list(shift)}))",
        f"pair = planted({shape}, {view.points}, truth, noise={view.noise:g}, "
        f"outliers={view.outliers:g},",
        f"               missing={min(view.missing, 1 - 1 / view.points):g}, "
        f"shuffle={view.shuffle}, seed={view.seed})",
        "source, target = pair.source, pair.target",
    ]


def start_script(view: RegistrationView) -> list[str]:
    if len(view.start) == 3:
        x, y, degrees = view.start
        return [
            f"start = Transform.turn({degrees:g}, about=source.mean(axis=0))",
            f"start = start.then(Transform.shift([{x:g}, {y:g}]))",
        ]
    if len(view.start) == 6:
        shift, turn = list(view.start[:3]), list(view.start[3:])
        if not any(turn):
            return [f"start = Transform.shift({shift})"]
        return [
            f"turn = np.array({turn})  # an axis as long as its degrees",
            "start = Transform.turn(np.linalg.norm(turn), turn, source.mean(axis=0))",
            f"start = start.then(Transform.shift({shift}))",
        ]
    return ["start = None  # where the source lies"]


def written(config: RegistrationConfig | ICPConfig) -> str:
    """The config as code: what is not at its default."""
    told = [
        f"{knob.name}={getattr(config, knob.name)!r}"
        for knob in fields(config)
        if getattr(config, knob.name) != knob.default
    ]
    return f"{type(config).__name__}({', '.join(told)})"
