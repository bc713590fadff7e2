"""Feed mutated checkpoint files to the importer: no code run, no traceback, no stray file.

    python -m benchmarks.fuzz_import [--files 10000] [--seed 0]

Good files of every container (zip and legacy .pth, safetensors, one with a pickle that would
write a file if it were run) are damaged at random: bytes flipped, cut out, doubled, swapped with
pieces of other files, lengths in headers replaced. Each goes through the same call as an upload.
Reported: how many still fitted, how many got a sentence, anything else that was raised, files that
appeared outside GENLAB_HOME, and the growth of memory.
"""

import argparse
import io
import os
import random
import resource
import tempfile
from collections import Counter
from pathlib import Path

import torch
from safetensors.torch import save

from genlab.errors import GenLabError
from genlab.models.vae import VAE, VAEConfig
from genlab.runs.foreign import Misfit, infer
from genlab.runs.foreign_read import read_foreign


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
    ]


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
        for content in files[:4]:  # the good ones are read, before anything is said of bad ones
            assert not isinstance(infer(read_foreign(content, "good.pth")), Misfit)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number in range(asked.files):
            content = mutated(files[number % len(files)], files, chance)
            try:
                found = infer(read_foreign(content, f"fuzz-{number}.pth"))
                outcome["misfit" if isinstance(found, Misfit) else "fits"] += 1
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
