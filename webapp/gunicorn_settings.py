"""gunicorn's settings: `webapp.serve` starts it with `--config python:webapp.gunicorn_settings`.

Address and number of workers come on the command line. GUNICORN_CMD_ARGS overrules what is here.
"""

from __future__ import annotations

import os
from typing import Any

from webapp.processes import die_with_parent

READY_FD = "LAMBDA_PLAYGROUND_READY_FD"  # names a pipe: a worker writes to it once its application is there

worker_class = "gthread"
threads = 64  # one for each run that somebody watches: these wait, they don't compute
timeout = 60  # s without a sign of life from a worker's main thread, however long its requests take
graceful_timeout = 2  # s; a page that follows a long run would hold up the stop until that run ends
keepalive = 30  # s; a browser's next click finds its connection open

limit_request_line = 8190
limit_request_field_size = 64 * 1024  # the Invoke API's client context travels in a header

accesslog = None
loglevel = "warning"
control_socket_disable = True


def post_fork(server: Any, _worker: Any) -> None:
    """In a new worker: die with gunicorn's master, also when that is killed."""
    die_with_parent(server.pid)


def post_worker_init(_worker: Any) -> None:
    """In a worker that answers requests from now on: tell `webapp.serve`, which reads the first word only."""
    if descriptor := os.environ.get(READY_FD):
        os.write(int(descriptor), b".")
