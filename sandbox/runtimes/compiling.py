"""Compilers run on source that anybody may have written, so they run isolated too. What they make is kept.

Called by the `prepare()` of runtimes whose source is translated first (Go, Java, TypeScript). A compiler sees the
source, an empty folder for its output, its own toolchain and cache; it has no network unless asked for.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.limits import MAX_UNZIPPED_BYTES, MB
from sandbox.runtimes.base import BuildError, Mount
from sandbox.runtimes.toolchains import toolchains

SOURCE, OUTPUT = (
    "/build/source",
    "/build/output",
)  # where a compiler finds the source and leaves what it makes
BUILD_UID = 199_999  # as root, compilers run under this host uid: no user's, no function's
TIMEOUT_S = 120.0
MAX_MESSAGES_BYTES = 32 * 1024
KEPT_BUILDS = 300

_SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64")
_ETC = ("ld.so.cache", "alternatives", "ssl", "pki", "ca-certificates", "localtime")
_ETC_NETWORK = ("resolv.conf", "hosts", "nsswitch.conf")


@dataclass(frozen=True)
class Compiler:
    """How a compiler is called: what it sees, the caches it may write (shared by all builds), its environment."""

    mounts: Sequence[Mount] = ()
    caches: Sequence[Mount] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    memory_mb: int = 4096

    def run(
        self,
        argv: Sequence[str],
        source: Path,
        output: Path,
        *,
        network: bool = False,
        source_writable: bool = False,
    ) -> tuple[int, str]:
        """Run `argv` in SOURCE with OUTPUT writable; gives the exit status and all it printed.

        Raises BuildError where it takes longer than TIMEOUT_S.
        """
        writable = [Mount(output, OUTPUT), *self.caches]
        readable = list(self.mounts)
        (writable if source_writable else readable).append(Mount(source, SOURCE))
        for mount in writable:
            give_away(mount.host)
        program = ["/usr/bin/prlimit", f"--fsize={MAX_UNZIPPED_BYTES}", "--core=0", "--nofile=4096"]
        program += [f"--data={self.memory_mb * MB}", *argv]  # what is written to, not what is mapped
        variables = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": "/tmp",
            "LANG": "C.UTF-8",
            **self.variables,
        }
        from sandbox.isolation.bubblewrap import seccomp_descriptor  # it imports this package itself

        with tempfile.TemporaryFile() as messages, seccomp_descriptor() as seccomp:
            descriptors: list[int] = []
            if (bwrap := _bwrap()) is not None:
                descriptors = [seccomp] if seccomp is not None else []
                program = [*_isolated(bwrap, readable, writable, network, seccomp), *program]
                folder = Path("/")
            else:
                folder = source
                places = {mount.guest: str(mount.host) for mount in [*readable, *writable]}
                program = [_outside(word, places) for word in program]
                variables = {name: _outside(value, places) for name, value in variables.items()}
            process = subprocess.Popen(
                program,
                stdin=subprocess.DEVNULL,
                stdout=messages,
                stderr=messages,
                env=variables,
                cwd=folder,
                pass_fds=descriptors,
            )
            try:
                status = process.wait(TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()  # bubblewrap's whole process namespace ends with it
                process.wait()
                raise BuildError(f"The compiler took longer than {TIMEOUT_S:.0f} seconds.") from None
            messages.seek(0)
            return status, messages.read(MAX_MESSAGES_BYTES).decode(errors="replace")


def _bwrap() -> str | None:
    off = os.environ.get("LAMBDA_PLAYGROUND_ISOLATION", "").lower() == "off"
    return None if off else shutil.which("bwrap")


def _isolated(
    bwrap: str, readable: Sequence[Mount], writable: Sequence[Mount], network: bool, seccomp: int | None
) -> list[str]:
    argv = [
        bwrap,
        "--unshare-pid",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--die-with-parent",
    ]
    argv += ["--new-session", "--cap-drop", "ALL"]
    argv += [] if seccomp is None else ["--seccomp", str(seccomp)]
    argv += [] if network else ["--unshare-net"]
    as_root = os.geteuid() == 0
    if as_root:  # only so that setpriv can leave root for good
        argv += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        argv += ["--unshare-user"]
    argv += ["--ro-bind", "/usr", "/usr"]
    for name in _SYSTEM:
        folder = Path("/", name)
        if folder.is_symlink():
            argv += ["--symlink", os.readlink(folder), str(folder)]
        elif folder.is_dir():
            argv += ["--ro-bind", str(folder), str(folder)]
    argv += ["--perms", "0755", "--dir", "/etc", "--perms", "1777", "--tmpfs", "/tmp"]
    java = [path.name for path in Path("/etc").glob("java*")]  # Debian's JDKs keep their configuration there
    for name in (*_ETC, *java, *(_ETC_NETWORK if network else ())):
        argv += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    parents = {parent for mount in (*readable, *writable) for parent in Path(mount.guest).parents}
    for parent in sorted(parents - {Path("/"), Path("/tmp")}):
        if not parent.is_relative_to("/usr"):
            argv += ["--perms", "0755", "--dir", str(parent)]
    for kind, mounts in (("--ro-bind", readable), ("--bind", writable)):
        for mount in mounts:
            argv += [kind, str(mount.host), mount.guest]
    argv += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/", "--chdir", SOURCE]
    if as_root:
        argv += ["/usr/bin/setpriv", "--reuid", str(BUILD_UID), "--regid", str(BUILD_UID), "--clear-groups"]
        argv += ["--inh-caps=-all", "--no-new-privs"]
    return argv


def _outside(word: str, places: Mapping[str, str]) -> str:
    """A word of the command with the isolated compiler's paths turned into the host's."""
    for guest in sorted(places, key=len, reverse=True):
        word = word.replace(guest, places[guest])
    return word


def give_away(folder: Path) -> None:
    """Let the compiler's user write in `folder`, as root; as anybody else it is our own user."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0 and _bwrap() is not None and folder.stat().st_uid != BUILD_UID:
        os.chown(folder, BUILD_UID, BUILD_UID)


def built_once(kind: str, content: str, build: Callable[[Path], None]) -> Path:
    """The folder that `build` fills, kept under the key of `kind` and `content` and made once by all processes.

    `build` is given an empty folder; what it raises is not kept, so the next call tries again.
    """
    builds = toolchains() / "builds"
    builds.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(f"{kind}\0{content}".encode()).hexdigest()[:32]
    folder = builds / f"{kind}-{key}"
    with contextlib.suppress(FileNotFoundError):
        os.utime(folder)  # in use: not to be pruned
        return folder
    with _lock(builds / f".lock-{key[0]}"):  # sixteen of them, never removed
        if folder.is_dir():
            return folder
        _prune(builds)
        made = Path(tempfile.mkdtemp(prefix=".building-", dir=builds))
        try:
            build(made)
            _open_to_all(made)
            os.replace(made, folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return folder


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _open_to_all(folder: Path) -> None:
    """As a package is: folders 0755, files 0644 or 0755, ours, and nothing but files and folders."""
    for path in [folder, *folder.rglob("*")]:
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            path.unlink()
            continue
        if os.geteuid() == 0:
            os.chown(path, 0, 0)
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def _prune(builds: Path) -> None:
    """Forget the builds that were not used for longest, when there are many; none of the last week."""
    folders = [path for path in builds.iterdir() if not path.name.startswith(".")]
    found = sorted(((path.stat().st_mtime, path) for path in folders), reverse=True)
    for used_at, path in found[KEPT_BUILDS:]:
        if time.time() - used_at > 7 * 86_400:
            shutil.rmtree(path, ignore_errors=True)


def content_key(folder: Path) -> str:
    """A hash of every file below `folder`: its name, its bytes, whether it is executable."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)}\0{path.stat().st_mode & 0o100}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
