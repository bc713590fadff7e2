"""Jobs leave the pages their turn."""

import os
import subprocess
import sys

import pytest

from genlab.places import ROOT

QUESTION = (
    "import os; before = os.nice(0)\n"
    "from genlab.jobs.priority import after_the_pages; after_the_pages()\n"
    "print(os.nice(0) - before)"
)


@pytest.mark.skipif(not hasattr(os, "nice"), reason="this system has no nice")
def test_a_job_s_process_stands_behind_the_server():
    done = subprocess.run(
        [sys.executable, "-c", QUESTION], cwd=ROOT, capture_output=True, text=True
    )
    assert int(done.stdout) > 0
