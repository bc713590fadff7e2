import socket

import pytest

from genlab.ui import nodelay
from genlab.ui.nodelay import send_at_once


def sends_at_once(connection: socket.socket) -> bool:
    return bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


@pytest.fixture
def port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening


def test_connections_to_a_port_that_was_open_before_send_at_once(port):
    send_at_once()
    with socket.create_connection(port.getsockname()) as visitor:
        connection, _ = port.accept()
        with connection:
            assert sends_at_once(connection)
        assert not sends_at_once(visitor)


def test_what_listens_at_no_port_stays_as_it_is_and_open(port):
    left, right = socket.socketpair()
    with left, right, socket.create_connection(port.getsockname()) as visitor:
        send_at_once()
        assert not sends_at_once(visitor)
        left.sendall(b"x")
        assert right.recv(1) == b"x"


def test_a_machine_without_such_a_folder_is_no_error(port, monkeypatch):
    monkeypatch.setattr(nodelay, "OPEN_FILES", "/nowhere")
    send_at_once()
    assert not sends_at_once(port)
