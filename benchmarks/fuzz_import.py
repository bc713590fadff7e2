"""Feed mutated checkpoint files to the importer: no code run, no traceback, no stray file.

    python -m benchmarks.fuzz_import [--files 10000] [--seed 0]

Good files of every container (zip and legacy .pth, safetensors, one with a pickle that would
write a file if it were run, a zipped run) are damaged at random: bytes flipped, cut out, doubled,
swapped with pieces of other files, lengths in headers replaced; of a zipped run also what it holds,
before it is zipped. Each goes through the call that an upload makes. Reported: how many became a
run, how many got a report of what does not fit, how many a sentence, anything else that was raised,
files that appeared outside GENLAB_HOME, and the growth of memory.
"""

import argparse
import io
import json
import os
import random
import resource
import shutil
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

import torch
from safetensors.torch import save

from genlab.errors import GenLabError
from genlab.models.vae import VAE, VAEConfig
from genlab.runs.archive import import_any
from genlab.runs.foreign import DoesNotFit
from genlab.training.config import TrainConfig
from genlab.training.recipes import RunConfig


class Intruder:
    """Unpickling this would write a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


def saved(content, **options) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


def good_files(folder: str) -> list[bytes]:
    tensors = VAE(VAEConfig(hidden=2, latent_dim=2)).state_dict()
    return [
        save(tensors),
        saved(tensors),
        saved(tensors, _use_new_zipfile_serialization=False),
        saved({"epoch": 3, "state_dict": {f"module.{k}": v for k, v in tensors.items()}}),
        saved({"model": tensors, "extra": Intruder(f"{folder}/intruded")}),
        saved(
            {"model": tensors, "extra": Intruder(f"{folder}/intruded")},
            _use_new_zipfile_serialization=False,
        ),
        zipped(run_parts()),
    ]


def run_parts() -> dict[str, bytes]:
    """What a small run's folder holds."""
    model = VAEConfig(hidden=2, latent_dim=2)
    config = RunConfig(family="vae", dataset="fashion", model=model, training=TrainConfig())
    return {
        "config.json": json.dumps(config.to_dict()).encode(),
        "model.safetensors": save(VAE(model).state_dict()),
        "metrics.jsonl": b'{"epoch": 1, "train": {"kl": 1.0}, "validation": {"kl": 1.0}}\n',
        "summary.json": b'{"neg_elbo_test": 250.0, "floors": {"entropy": 189.86}}',
        "README.md": b"# mine\n",
    }


def zipped(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(f"mine/{name}", content)
    return buffer.getvalue()


def bad_file(number: int, files: list[bytes], chance: random.Random) -> bytes:
    """One damaged file; every fourth is a zipped run that was damaged before it was zipped."""
    if number % 4:
        return mutated(files[number % len(files)], files, chance)
    parts = run_parts()
    hit = chance.choice(list(parts))
    return zipped(parts | {hit: mutated(parts[hit], files, chance)})


def mutated(content: bytes, others: list[bytes], chance: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        at = chance.randrange(max(len(data), 1))
        length = chance.choice((1, 2, 8, 64, 512))
        kind = chance.randrange(6)
        if kind == 0:
            data[at : at + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            del data[at : at + length]
        elif kind == 2:
            data[at:at] = data[at : at + length]
        elif kind == 3:
            other = chance.choice(others)
            start = chance.randrange(len(other))
            data[at : at + length] = other[start : start + length]
        elif kind == 4:
            data[at : at + 8] = chance.getrandbits(64).to_bytes(8, "little")
        else:
            data[at : at + length] = bytes(length)
    return bytes(data)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--files", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=0)
    asked = options.parse_args()
    chance, outcome, odd = random.Random(asked.seed), Counter(), Counter()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GENLAB_HOME"] = f"{folder}/home"
        files = good_files(folder)
        good = [*files[:4], files[6]]  # they are taken in, before anything is said of bad ones
        for number, content in enumerate(good):
            import_any(content, f"good-{number}", "fashion", filename="good.pth")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number in range(asked.files):
            content = bad_file(number, files, chance)
            try:
                found = import_any(content, "fuzz", "fashion", filename="fuzz.pth")
                outcome["fits"] += 1
                shutil.rmtree(found.run.path)
            except DoesNotFit:
                outcome["misfit"] += 1
            except GenLabError:
                outcome["a sentence"] += 1
            except BaseException as error:  # counting these is what this is for
                odd[type(error).__name__] += 1
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        strays = [str(path) for path in Path(folder).iterdir() if path.name != "home"]
    print("| files | fits | misfit report | one sentence | anything else | stray files | MB more |")
    print("|---|---|---|---|---|---|---|")
    print(
        f"| {asked.files} | {outcome['fits']} | {outcome['misfit']} | {outcome['a sentence']} "
        f"| {dict(odd) or 0} | {len(strays)} | {grown:.0f} |"
    )
    if odd or strays:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
