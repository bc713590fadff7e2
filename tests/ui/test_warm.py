import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from genlab.runs import manage
from genlab.ui import warm


def start_once() -> bool:
    async def start():
        async with warm.lifespan(None):
            return True

    with ThreadPoolExecutor(1) as own:  # a thread without an event loop, whatever tests came before
        return own.submit(lambda: asyncio.run(start())).result()


def test_a_broken_run_does_not_keep_the_server_from_starting(make_run, monkeypatch):
    monkeypatch.setattr(warm, "ask", lambda: None)
    (make_run("mine").path / "model.safetensors").unlink()
    make_run("other", dataset="kmnist")

    assert start_once()


def test_a_start_empties_the_trash_of_what_has_lain_there_for_long(make_run, monkeypatch):
    monkeypatch.setattr(warm, "ask", lambda: None)
    make_run("old")
    manage.delete_run("old")
    start_once()
    assert len(manage.list_trash()) == 1
    monkeypatch.setattr(manage, "KEPT_FOR", -1.0)
    start_once()
    assert manage.list_trash() == []


def test_the_server_s_answers_leave_at_once(monkeypatch):
    monkeypatch.setattr(warm, "ask", lambda: None)
    with socket.create_server(("127.0.0.1", 0)) as port:
        start_once()
        assert port.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
