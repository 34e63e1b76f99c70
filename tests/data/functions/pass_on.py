"""A function that hands every connection on to a port of this machine, byte by byte: what is there decides how it
behaves."""

import os
import socket
import sys
import threading


def pump(source, sink):
    try:
        while part := source.recv(65536):
            sink.sendall(part)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, sink):
            end.close()


def serve(client):
    try:
        behind = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    except OSError:
        client.close()
        return
    threading.Thread(target=pump, args=(client, behind), daemon=True).start()
    pump(behind, client)


listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=256)
while True:
    accepted, _ = listener.accept()
    threading.Thread(target=serve, args=(accepted,), daemon=True).start()
