"""The first program inside an execution environment, before any user code.

Run by `sandbox.environment` as `python -I -S -B init.py CHANNEL PORT [CLIENT_FOLDER ...]`. It binds the Runtime API's
port in the sandbox's own network namespace and hands the listening socket out over CHANNEL, so the manager answers
there from outside and no proxy runs inside. Then it waits to be given a function. With CLIENT_FOLDERs it becomes the
Python runtime itself (awslambdaric is imported while it waits); else it execs the runtime's own client.

Works on any Python from 3.9 on, and imports as little as it can: its start is every cold start's start.
"""

import _socket
import os
import sys

HOST = "127.0.0.1"
SCM_RIGHTS_MESSAGE = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS)


def main(channel_fd, port, client_folders):
    channel = _socket.socket(fileno=channel_fd)
    hand_out_listener(channel, port)
    receive_exactly(channel, 1)  # the manager has put this process under its limits
    if client_folders:
        sys.path[:0] = client_folders
        from awslambdaric import bootstrap, lambda_runtime_client  # noqa: F401
    assignment = receive_assignment(channel)
    channel.close()
    os.environ.clear()
    os.environ.update(assignment["environment"])
    os.environ["_LAMBDA_TELEMETRY_LOG_FD"] = str(log_descriptor())
    os.chdir(assignment["task_root"])
    limit_resources(assignment["limits"])
    if client_folders:
        become_python_runtime(assignment)
    else:
        become(assignment["command"])


def hand_out_listener(channel, port):
    listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(64)
    address = "{}:{}".format(*listener.getsockname())
    os.environ["AWS_LAMBDA_RUNTIME_API"] = address
    descriptor = listener.fileno().to_bytes(4, sys.byteorder)
    channel.sendmsg([address.encode()], [(*SCM_RIGHTS_MESSAGE, descriptor)])
    listener.close()


def receive_exactly(channel, size):
    parts = []
    while size:
        part = channel.recv(min(size, 1 << 20))
        if not part:
            os._exit(0)  # the manager is gone, or has no use for this environment
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def receive_assignment(channel):
    import json

    size = int.from_bytes(receive_exactly(channel, 4), "big")
    return json.loads(receive_exactly(channel, size))


def log_descriptor():
    """A second name for stdout: framed log events and printed lines share one pipe, and so keep their order."""
    descriptor = os.dup(1)
    os.set_inheritable(descriptor, True)
    return descriptor


def limit_resources(limits):
    import resource

    for name, value in limits.items():
        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(kind, (value, value))


def become(command):
    try:
        os.execve(command[0], command, os.environ)
    except OSError as error:
        os.write(2, (f"fork/exec {command[0]}: {os.strerror(error.errno).lower()}\n").encode())
        os._exit(126 if isinstance(error, PermissionError) else 127)


def become_python_runtime(assignment):
    """What `python -m awslambdaric HANDLER` does, in this already warm interpreter."""
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT") or os.environ.get("AWS_LAMBDA_LOG_LEVEL"):
        # awslambdaric reads the log format as it is imported, which was before it could be known.
        client = sys.modules["awslambdaric"]
        for name in ("bootstrap", "lambda_runtime_log_utils"):
            sys.modules.pop("awslambdaric." + name, None)
            vars(client).pop(name, None)
    # Only what Lambda has on sys.path: the package, the layers, the standard library, the site folder.
    sys.path[:0] = assignment["python_path"]
    sys.argv = ["/var/runtime/bootstrap", assignment["handler"]]
    # What `site` adds and this interpreter skipped: handlers may call exit() and quit().
    import _sitebuiltins
    import builtins

    for name in ("exit", "quit"):
        setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D (i.e. EOF)"))
    from awslambdaric.__main__ import main as run

    run(sys.argv)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
