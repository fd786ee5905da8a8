"""The command line that puts an execution environment's processes out of reach of everything else.

`sandbox.environment` asks `Isolation` for the argv of a new sandbox. The list below reads as what is taken away.
Source: bwrap(1), setpriv(1).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import IsolationUnavailable
from sandbox.isolation.seccomp import filter_program
from sandbox.limits import MB
from sandbox.runtimes.base import Mount

FIRST_UID = 200_000  # as root, every environment gets a host uid of its own, far from real users'
GUEST_UID = 993  # without root: the uid inside the sandbox (Lambda's sbx_user1051)

_SYSTEM_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/localtime")
_PASSWD = "root:x:0:0:root:/root:/sbin/nologin\nsbx_user1051:x:{uid}:{uid}::/home/sbx_user1051:/sbin/nologin\n"
_HOSTS = "127.0.0.1 localhost sandbox.localdomain\n::1 localhost\n"

MISSING = (
    "bubblewrap is not installed, so user code can't be isolated: install the package bubblewrap "
    "(apt-get install bubblewrap), or set LAMBDA_PLAYGROUND_ISOLATION=off to run it unprotected."
)


@dataclass(frozen=True)
class Isolation:
    """How this host isolates. `bwrap` is "" where the operator turned isolation off; `description` is for the page."""

    bwrap: str
    as_root: bool
    sized_tmp: bool
    etc: Path
    description: str
    warning: str = ""

    @classmethod
    def find(cls, scratch: Path) -> Isolation:
        """What this host can do, tried out once by starting a sandbox. `scratch` is a folder to keep small files in.

        Raises IsolationUnavailable with the one package to install, or why a sandbox can't be made.
        """
        etc = scratch / "etc"
        if os.environ.get("LAMBDA_PLAYGROUND_ISOLATION", "").lower() == "off":
            warning = "Isolation is off: handlers run as ordinary processes and can read and change this machine."
            return cls("", False, False, etc, "No isolation.", warning)
        bwrap = shutil.which("bwrap")
        if bwrap is None:
            raise IsolationUnavailable(MISSING)
        etc.mkdir(parents=True, exist_ok=True)
        as_root = os.geteuid() == 0 and shutil.which("setpriv") is not None
        uid = FIRST_UID if as_root else GUEST_UID
        (etc / "passwd").write_text(_PASSWD.format(uid=uid))
        (etc / "group").write_text(f"root:x:0:\nsbx_user1051:x:{uid}:\n")
        (etc / "hosts").write_text(_HOSTS)
        usage = subprocess.run([bwrap, "--help"], capture_output=True, text=True, check=False).stdout
        isolation = cls(bwrap, as_root, "--size" in usage, etc, "bubblewrap")
        isolation._try_out()
        kind = "a uid of its own" if as_root else "an unprivileged user namespace"
        description = f"bubblewrap: every namespace unshared, no capabilities, no network, seccomp, {kind}."
        return cls(bwrap, as_root, "--size" in usage, etc, description)

    def command(
        self, program: list[str], *, task: Path, opt: Path | None, mounts: Iterable[Mount], tmp_mb: int, uid: int,
        seccomp_fd: int | None, init: Path | None = None,
    ) -> list[str]:  # fmt: skip
        """The argv that runs `program` isolated, with `task` at /var/task and `opt` at /opt (both read-only)."""
        argv = [
            self.bwrap,
            # no view of the host's processes, network, message queues, host name, cgroups
            "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
            "--hostname", "sandbox",
            # gone when the manager is gone; no terminal to write to
            "--die-with-parent", "--new-session",
            # nothing of the manager's environment
            "--clearenv",
            # no capabilities (no-new-privileges is bubblewrap's default)
            "--cap-drop", "ALL",
        ]  # fmt: skip
        if self.as_root:
            # only so that setpriv can leave root for good, before any other program starts
            argv += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        else:
            argv += ["--unshare-user", "--uid", str(GUEST_UID), "--gid", str(GUEST_UID)]
        if seccomp_fd is not None:
            argv += ["--seccomp", str(seccomp_fd)]
        argv += self._filesystem(task, opt, mounts, tmp_mb, init)
        if self.as_root:
            argv += [
                "/usr/bin/setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups", "--inh-caps=-all",
            ]  # fmt: skip
        return argv + program

    def _filesystem(
        self, task: Path, opt: Path | None, mounts: Iterable[Mount], tmp_mb: int, init: Path | None
    ) -> list[str]:
        mounts = list(mounts)
        argv = ["--ro-bind", "/usr", "/usr"]
        for name in _SYSTEM_FOLDERS:
            folder = Path("/", name)
            if folder.is_symlink():
                argv += ["--symlink", os.readlink(folder), str(folder)]
            elif folder.is_dir():
                argv += ["--ro-bind", str(folder), str(folder)]
        # bubblewrap makes the parents of a mount for root alone; the function's uid must get through them
        guests = [mount.guest for mount in mounts if not mount.guest.startswith("/usr/")]
        parents = {str(parent) for guest in [*guests, "/etc/hosts", "/etc/ssl/certs", "/var/rapid/init"]
                   for parent in Path(guest).parents}  # fmt: skip
        for parent in sorted(parents - {"/", "/usr"}):
            argv += ["--perms", "0755", "--dir", parent]
        for file in _SYSTEM_FILES:
            argv += ["--ro-bind-try", file, file]
        for file in ("passwd", "group", "hosts"):
            argv += ["--ro-bind", str(self.etc / file), f"/etc/{file}"]
        for mount in mounts:
            argv += ["--ro-bind", str(mount.host), mount.guest]
        if init is not None:
            argv += ["--ro-bind", str(init), f"/var/rapid/{init.name}"]
        argv += ["--ro-bind", str(task), "/var/task"]
        argv += ["--ro-bind", str(opt), "/opt"] if opt is not None else ["--dir", "/opt"]
        argv += ["--proc", "/proc", "--dev", "/dev"]
        size = ["--size", str(tmp_mb * MB)] if self.sized_tmp else []
        argv += ["--perms", "1777", *size, "--tmpfs", "/tmp"]
        return [*argv, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]

    def _try_out(self) -> None:
        with seccomp_descriptor() as descriptor:
            argv = self.command(
                ["/usr/bin/true"], task=self.etc, opt=None, mounts=(), tmp_mb=1, uid=FIRST_UID, seccomp_fd=descriptor
            )
            result = subprocess.run(
                argv, pass_fds=[descriptor] if descriptor is not None else [], capture_output=True, text=True,
                check=False, timeout=20,
            )  # fmt: skip
        if result.returncode != 0:
            raise IsolationUnavailable(
                f"bubblewrap can't make a sandbox here ({result.stderr.strip() or 'no reason given'}). Run as root or "
                "allow unprivileged user namespaces, or set LAMBDA_PLAYGROUND_ISOLATION=off to run code unprotected."
            )


@contextlib.contextmanager
def seccomp_descriptor() -> Iterator[int | None]:
    """A descriptor to read the seccomp filter from, or None on a machine we have no filter for."""
    try:
        program = filter_program()
    except KeyError:
        yield None
        return
    descriptor = os.memfd_create("seccomp", 0)
    try:
        os.write(descriptor, program)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)
