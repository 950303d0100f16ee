"""The Python backends, one process, one port each.

On standard output: "listening NAME ADDRESS" for each server, then "ready".
The process ends when its standard input does, so that it never outlives the
test that started it.
"""

import asyncio
import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import threading

import apps


def listener():
    sock = socket.socket()
    # Inherited by each connection: several of the servers write head and body
    # apart, which costs 40 ms an answer where Nagle's algorithm is on.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    sock.listen(128)
    return sock


def announce(name, sock):
    print(f"listening {name} 127.0.0.1:{sock.getsockname()[1]}", flush=True)


def werkzeug(app, sock):
    from werkzeug.serving import WSGIRequestHandler, make_server

    class KeepAlive(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=KeepAlive, fd=sock.fileno())
    threading.Thread(target=server.serve_forever, daemon=True).start()


def waitress(app, sock):
    from waitress.server import create_server

    server = create_server(app, sockets=[sock], threads=4)
    threading.Thread(target=server.run, daemon=True).start()


async def uvicorn(app, sock, parser):
    import uvicorn

    config = uvicorn.Config(app, http=parser, lifespan="off", log_level="critical", timeout_keep_alive=60)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    asyncio.ensure_future(server.serve(sockets=[sock]))


def gunicorn(factory, sock):
    # A process of its own, as gunicorn is a supervisor of workers; it ends with
    # this one even when this one is killed (Linux' PR_SET_PDEATHSIG is 1).
    return subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--bind", f"fd://{sock.fileno()}", "--workers", "1", "--threads", "4",
         "--keep-alive", "60", "--log-level", "critical", "--no-control-socket", f"apps:{factory}()"],
        cwd=os.path.dirname(os.path.abspath(__file__)),
        pass_fds=[sock.fileno()],
        preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGTERM),
    )


async def aiohttp(app, sock):
    from aiohttp import web

    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.SockSite(runner, sock).start()


async def main():
    logging.disable(logging.CRITICAL)
    root = os.environ["PATHBACKENDS_ROOT"]
    flask, django, starlette = apps.flask_app(), apps.django_app(), apps.starlette_app()
    socks = {}
    for name in ("flask-werkzeug", "flask-waitress", "flask-gunicorn", "django-waitress", "starlette-h11",
                 "starlette-httptools", "starlette-static", "aiohttp"):
        socks[name] = listener()

    werkzeug(flask, socks["flask-werkzeug"])
    waitress(flask, socks["flask-waitress"])
    supervisor = gunicorn("flask_for_gunicorn", socks["flask-gunicorn"])
    waitress(django, socks["django-waitress"])
    await uvicorn(starlette, socks["starlette-h11"], "h11")
    await uvicorn(starlette, socks["starlette-httptools"], "httptools")
    await uvicorn(apps.starlette_files(root), socks["starlette-static"], "h11")
    await aiohttp(apps.aiohttp_app(), socks["aiohttp"])

    for name, sock in socks.items():
        announce(name, sock)
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    supervisor.terminate()
    supervisor.wait()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
