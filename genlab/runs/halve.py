"""Round a run's weights to float16: half the size, for runs that ship.

    python -m genlab.runs.halve NAME

The run is then the rounded one: its config says so, and its figures and maps have to be computed
again (`python -m genlab evaluate NAME --keep`).
"""

import json
import sys

import numpy as np
from safetensors.numpy import save

from genlab.errors import GenLabError
from genlab.runs.folder import Run, find_run, load_tensors, weights_path, write_whole

ROUNDED = "rounded to float16"


def halve(run: Run) -> Run:
    """Round the weights of a run in place; once is enough, and twice does no more.

    Raises:
        GenLabError: a weight is too large for float16.
    """
    tensors = load_tensors(run)
    with np.errstate(over="ignore"):  # told below
        halves = {
            name: array.astype(np.float16) if array.dtype == np.float32 else array
            for name, array in tensors.items()
        }
    for name, array in halves.items():
        if not np.isfinite(array).all() and np.isfinite(tensors[name]).all():
            raise GenLabError(f'{name} of "{run.name}" exceeds float16; keep it as it is.')
    config = run.config | {"made": run.config.get("made", {}) | {"weights": ROUNDED}}
    write_whole(weights_path(run), save(halves))
    write_whole(run.path / "config.json", json.dumps(config, indent=1).encode())
    return find_run(run.name)


def main(names: list[str]) -> int:
    if not names:
        print("usage: python -m genlab.runs.halve NAME ...")
        return 2
    for name in names:
        try:
            run = find_run(name)
            before = weights_path(run).stat().st_size
            after = weights_path(halve(run)).stat().st_size
        except GenLabError as error:
            print(error)
            return 1
        print(f"{name}: {before / 1e6:.1f} MB became {after / 1e6:.1f} MB.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
