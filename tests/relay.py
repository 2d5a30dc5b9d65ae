"""A TCP relay between a client and a server, to cut, hang and heal one client's connection."""

import contextlib
import socket
import threading


class Relay:
    """Listens on a loopback port of its own and passes bytes on."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: set[socket.socket] = set()
        self._mutex = threading.Lock()
        self._is_cut = False
        self._flows = threading.Event()
        self._flows.set()
        threading.Thread(target=self._accept, name="relay", daemon=True).start()

    @property
    def host(self) -> str:
        """`address:port` for the client."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        """End all connections, refuse new ones."""
        self._is_cut = True
        self._drop()

    def drop(self) -> None:
        """End all connections once."""
        self._drop()

    def hang(self) -> None:
        """Swallow nothing, pass nothing on: a server that has stopped answering."""
        self._flows.clear()

    def heal(self) -> None:
        """Work again."""
        self._is_cut = False
        self._flows.set()

    def close(self) -> None:
        """End for good."""
        self.cut()
        self._flows.set()
        self._listener.close()

    def _drop(self) -> None:
        with self._mutex:
            ends, self._ends = self._ends, set()
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut:
                client.close()
                continue
            try:
                server = socket.create_connection(self._target, timeout=1.0)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            with self._mutex:
                self._ends |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(65536):
                self._flows.wait()
                sink.sendall(part)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
