"""Let every part of an answer leave at once.

Streamlit opens its port without naming the protocol, so asyncio does not know the connections for
TCP and leaves Nagle's algorithm on (RFC 896): the second part of an answer then waits until the
first is acknowledged, which a browser puts off by 40 ms (RFC 1122, section 4.2.3.2).
"""

import os
import socket
from contextlib import suppress

OPEN_FILES = "/dev/fd"  # of this process, on Linux and macOS; elsewhere answers stay as they are


def send_at_once() -> None:
    """Set TCP_NODELAY on the ports that this process listens at; connections inherit it."""
    numbers = os.listdir(OPEN_FILES) if os.path.isdir(OPEN_FILES) else []
    for number in map(int, numbers):
        with suppress(OSError):  # no socket, or one of another kind
            port = socket.socket(fileno=number)
            try:
                if port.family in (socket.AF_INET, socket.AF_INET6) and listens(port):
                    port.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            finally:
                port.detach()  # it stays open for its owner


def listens(port: socket.socket) -> bool:
    return bool(port.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
