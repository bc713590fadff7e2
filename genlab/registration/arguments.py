"""The options of the verb `register`; apart, so that reading a command line stays quick."""

import argparse

from genlab.registration.config import MODELS


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("source", help="the cloud that moves: CSV, TXT, XYZ, NPY, PLY or PCD")
    command.add_argument("target", help="the cloud that stays")
    command.add_argument("--model", choices=MODELS, default="rigid", help="default: rigid")
    command.add_argument(
        "--sigma",
        default="fit",
        metavar="X|fit|anneal",
        help="a known standard deviation, or fitted (default), or annealed",
    )
    command.add_argument(
        "--outliers", type=float, default=0.0, metavar="W", help="share of strays, from 0 to 1"
    )
    command.add_argument(
        "--scale",
        metavar="fixed|fit|S",
        help="held at 1, fitted, or held at S (default: as the model says)",
    )
    command.add_argument(
        "--starts", type=int, default=1, metavar="K", help="try K starts and keep the best"
    )
    command.add_argument("--start", metavar="X,Y[,Z]", help="translation to start from")
    command.add_argument(
        "--method", choices=["em", "icp"], default="em", help="icp: hard matches, no sigma"
    )
    command.add_argument("--reach", type=float, metavar="R", help="icp: no match is longer")
    command.add_argument(
        "--each",
        choices=["source", "target"],
        help="whose points each find a partner (default: target; source with a learned prior)",
    )
    command.add_argument(
        "--prior",
        choices=["learned", "uniform"],
        help="Pi = R in each step, or equal (default: learned for a translation of known sigma)",
    )
    command.add_argument("--steps", type=int, default=200, metavar="N", help="at most (200)")
    command.add_argument("--exact", action="store_true", help="all points from the first step on")
    command.add_argument("--save", metavar="FILE", help="write the moved source")
    command.add_argument("--json", action="store_true", help="print one JSON object")
