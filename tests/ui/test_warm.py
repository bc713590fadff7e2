import asyncio
from concurrent.futures import ThreadPoolExecutor

from genlab.ui import warm


def test_a_broken_run_does_not_keep_the_server_from_starting(make_run, monkeypatch):
    monkeypatch.setattr(warm, "ask", lambda: None)
    (make_run("mine").path / "model.safetensors").unlink()
    make_run("other", dataset="kmnist")

    async def start():
        async with warm.lifespan(None):
            return True

    with ThreadPoolExecutor(1) as own:  # a thread without an event loop, whatever tests came before
        assert own.submit(lambda: asyncio.run(start())).result()
