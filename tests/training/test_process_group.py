"""Two processes against one: the same training, one writer, one end."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from genlab.cli import main
from genlab.errors import GenLabError
from genlab.places import ROOT, new_runs
from genlab.runs.folder import find_run, read_metrics, read_summary
from genlab.training.process_group import ALONE, Shard, process_group, until_interrupted

SCRIPT = Path(__file__).with_name("in_two_processes.py")
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
BUNDLED = str(ROOT / "genlab" / "data" / "bundled")
SMALL = ["--set", "hidden=32", "--set", "precision=float32", "--maps", "none", "--iwae", "0"]

spec = importlib.util.spec_from_file_location("in_two_processes", SCRIPT)
in_two_processes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(in_two_processes)
PAIRS = [(kind, family) for kind in in_two_processes.KINDS for family in in_two_processes.MODELS]


def launch(command: list[str]) -> subprocess.Popen:
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def output(launcher: subprocess.Popen) -> str:
    """All that it still prints, once it has ended; its processes go with it if it does not."""
    try:
        return launcher.communicate(timeout=120)[0]
    except subprocess.TimeoutExpired:
        launcher.terminate()
        raise


@pytest.fixture(scope="module")
def ranks(tmp_path_factory) -> list[dict]:
    """What each of two processes found."""
    folder = tmp_path_factory.mktemp("ranks")
    launcher = launch([*TORCHRUN, str(SCRIPT), str(folder)])
    out = output(launcher)
    assert launcher.returncode == 0, out
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(2)]


@pytest.mark.parametrize(("kind", "family"), PAIRS)
def test_two_processes_train_the_weights_of_one(kind, family, ranks):
    alone = in_two_processes.trained(kind, family)
    for found in ranks:
        torch.testing.assert_close(
            found[f"{kind} {family}"]["weights"], alone["weights"], atol=1e-4, rtol=0
        )


@pytest.mark.parametrize(("kind", "family"), PAIRS)
def test_both_hold_the_same_bits_and_report_the_same_losses(kind, family, ranks):
    one, other = (found[f"{kind} {family}"] for found in ranks)
    assert torch.equal(one["weights"], other["weights"])
    assert one["records"] == other["records"]


@pytest.mark.parametrize("architecture", in_two_processes.GANS)
def test_two_processes_train_the_gan_of_one(architecture, ranks):
    alone = in_two_processes.trained_gan(architecture)
    one, other = (found[f"gan {architecture}"] for found in ranks)
    assert torch.equal(one["weights"], other["weights"])
    assert one["records"] == other["records"]
    torch.testing.assert_close(one["weights"], alone["weights"], atol=1e-4, rtol=0)
    for record, expected in zip(one["records"], alone["records"], strict=True):
        for part in {"losses", "train", "validation"} & set(record):
            assert record[part] == pytest.approx(expected[part], rel=1e-3, abs=1e-4)


def test_a_gan_that_normalises_over_the_batch_is_refused_in_all_processes(ranks):
    for found in ranks:
        assert found["batch norm"] == (
            "dcgan-28 normalises over the whole batch, of which each process sees a part; "
            "train it with one, or choose mlp or dcgan-32."
        )


@pytest.mark.parametrize(("kind", "family"), PAIRS)
def test_reported_losses_are_means_over_the_whole_batch(kind, family, ranks):
    expected = in_two_processes.trained(kind, family)["records"]
    found = ranks[0][f"{kind} {family}"]["records"]
    assert len(found) == len(expected)
    for record, other in zip(found, expected, strict=True):
        for part in {"losses", "train", "validation"} & set(record):
            assert record[part] == pytest.approx(other[part], rel=1e-5, abs=1e-5)


def test_ctrl_c_in_one_process_ends_all_at_the_same_record(ranks):
    first, second = (found["ctrl-c"] for found in ranks)
    assert first["steps"] == second["steps"]
    assert len(first["steps"]) == 2
    assert (first["interrupted"], second["interrupted"]) == (True, False)


def test_a_failure_to_begin_in_one_process_is_the_sentence_of_all(ranks):
    assert [found["failure"] for found in ranks] == ["Rank 1 has no room."] * 2


def test_different_images_on_two_machines_are_refused(ranks):
    for found in ranks:
        assert "different images (Fashion-MNIST" in found["images"]
        assert "MNIST, " in found["images"].split(";")[1]


def test_gather_is_in_order_of_rank(ranks):
    assert [found["gathered"] for found in ranks] == [["rank 0", "rank 1"]] * 2


@pytest.mark.parametrize("rows", [0, 1, 2, 7, 128])
@pytest.mark.parametrize("world", [1, 2, 3, 8])
def test_the_parts_of_all_ranks_are_the_whole_batch(rows, world):
    batch = torch.arange(rows)
    parts = [Shard(rank, world).take(batch) for rank in range(world)]
    assert torch.equal(torch.cat(parts), batch)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_alone_nothing_is_cut_copied_or_sent():
    batch, values = torch.rand(5, 3), torch.rand(5)
    assert ALONE.take(batch) is batch
    assert torch.equal(ALONE.mean(values, 5), values.mean())
    assert ALONE.gather("me") == ["me"]
    before = batch.clone()
    ALONE.sum_(batch)
    assert torch.equal(batch, before)
    assert list(until_interrupted(ALONE, iter("abc"))) == ["a", "b", "c"]


def test_without_torchrun_a_process_is_alone(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with process_group() as shard:
        assert shard is ALONE


def test_more_processes_than_gpus_are_refused_with_the_number_to_use(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(GenLabError, match="--nproc-per-node=2"), process_group():
        pass


def test_a_group_that_cannot_form_says_how_to_start_one(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(GenLabError, match="start them with torchrun"), process_group():
        pass


def test_all_ranks_but_the_first_are_silent(monkeypatch, capfd):
    monkeypatch.setattr("genlab.cli.FIRST_WORD", 0.0)
    for rank, told in (("1", False), ("0", True)):
        monkeypatch.setenv("RANK", rank)
        assert main(["train", "nothing"]) == 1
        with pytest.raises(SystemExit):
            main(["train"])
        out, err = capfd.readouterr()
        assert bool(out + err) is told


def command(name: str, *settings: str) -> list[str]:
    train = ["-m", "genlab", "train", "vae-fashion", "--name", name, "--data-root", BUNDLED]
    return [*TORCHRUN, *train, *SMALL, *settings]


def test_the_command_line_trains_one_run_that_equals_the_single_process(capsys):
    launcher = launch(command("pair", "--set", "epochs=3"))
    out = output(launcher)
    assert launcher.returncode == 0, out
    assert out.count("epoch   2 of 3") == out.count("Kept pair") == 1
    assert "2 processes" in out
    settings = ["--set", "epochs=3", *SMALL, "--name", "one", "--data-root", BUNDLED]
    assert main(["train", "vae-fashion", *settings]) == 0
    assert sorted(path.name for path in new_runs().iterdir()) == ["one", "pair"]
    pair, one = find_run("pair"), find_run("one")
    tensors = [load_file(run.path / "model.safetensors") for run in (pair, one)]
    for name, expected in tensors[1].items():
        torch.testing.assert_close(tensors[0][name], expected, atol=1e-4, rtol=0)
    test_losses = [read_summary(run)["neg_elbo_test"] for run in (pair, one)]
    assert abs(test_losses[0] - test_losses[1]) < 0.05
    assert len(read_metrics(pair)) == 3


def follow(name: str) -> subprocess.Popen:
    """Two processes that would train for hours, in their second epoch or later."""
    launcher = launch(command(name, "--set", "epochs=5000"))
    for line in launcher.stdout:
        if "epoch   2" in line:
            return launcher
    pytest.fail("the training never began")


def workers(launcher: subprocess.Popen) -> dict[str, int]:
    """Process ids by rank."""
    children = Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text().split()
    found = {}
    for child in children:
        variables = Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
        rank = next((v for v in variables if v.startswith(b"RANK=")), None)
        if rank is not None:
            found[rank.decode().removeprefix("RANK=")] = int(child)
    return found


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="reads Linux's process table")
def test_ctrl_c_ends_all_processes_and_keeps_the_best_so_far():
    launcher = follow("stopped")
    ranks = workers(launcher)
    launcher.send_signal(signal.SIGINT)  # torchrun hands it on, as it does with Ctrl-C
    started = time.monotonic()
    out = output(launcher)
    assert time.monotonic() - started < 30
    assert sorted(ranks) == ["0", "1"]
    assert all(ended(pid) for pid in ranks.values())
    assert "Kept stopped" in out
    assert "terminate called" not in out
    run = find_run("stopped")
    assert run.config["made"]["stopped_early"]
    assert len(read_metrics(run)) >= 2
    assert [path.name for path in new_runs().iterdir()] == ["stopped"]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="reads Linux's process table")
def test_a_killed_process_ends_the_others_and_leaves_nothing_half_written():
    launcher = follow("killed")
    ranks = workers(launcher)
    os.kill(ranks["1"], signal.SIGKILL)
    started = time.monotonic()
    out = output(launcher)
    assert time.monotonic() - started < 30
    assert launcher.returncode != 0
    assert "rank      : 1" in out
    assert all(ended(pid) for pid in ranks.values())
    assert not new_runs().exists() or not list(new_runs().iterdir())
