"""Install what the runtimes need beyond their interpreters: `python -m sandbox.runtimes.install [FAMILY ...]`.

AWS's runtime clients, from the registries they are published in and by each language's own tool, and first builds
that fill the compilers' caches. Safe to repeat: what is there is left alone. Called by `make run` and `make test`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from sandbox.runtimes import golang, java, java_archive, nodejs, python
from sandbox.runtimes.base import BuildError

FAMILIES = ("python", "nodejs", "go", "java")
Say = Callable[[str], None]
_TIMEOUT_S = 1200.0


class CannotInstall(Exception):
    """Why a family can't be installed, in one sentence."""


def install_clients(families: Sequence[str] = FAMILIES, say: Say = print) -> bool:
    """Install the clients of `families`; True where each of them is in place.

    `say` is given one line for each thing done, and one for each family that can't be installed, which stops no other.
    """
    complete = True
    for family in families:
        try:
            _INSTALLERS[family](say)
        except KeyError:
            say(f"{family}: there is no such family; there are {', '.join(FAMILIES)}.")
            complete = False
        except (CannotInstall, BuildError, OSError) as error:
            say(f"{family}: {error}")
            complete = False
    return complete


def _install_python(say: Say) -> None:
    failures = []
    for minor in python.MINORS:
        runtime = python.PythonRuntime(minor)
        if not runtime.missing or not runtime.has_interpreter:
            continue
        say(f"python: installing awslambdaric for Python 3.{minor}")
        # Wheels of that version are fetched by our own pip: the other interpreter needs none.
        argv = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        argv += ["--implementation", "cp", "--python-version", f"3.{minor}", "--only-binary=:all:", "--no-compile"]
        sdk = ["boto3"] if minor < python.OLDEST_FOR_OUR_SDK else []
        try:
            with _filled(python.client_folder(minor)) as folder:
                run_tool([*argv, "--target", folder, "awslambdaric", *sdk], folder)
                compile_all(runtime.interpreter(), folder)
        except CannotInstall as error:
            failures.append(f"Python 3.{minor}: {error}")
            continue
        # Our own SDK, which it shares: importing boto3 takes half a second where it is not compiled for that version.
        shared = [mount.host for mount in runtime.mounts() if mount.guest.startswith(python.RUNTIME_FOLDER)]
        compile_all(runtime.interpreter(), *shared)
    if failures:
        raise CannotInstall(" ".join(failures))


def _install_nodejs(say: Say) -> None:
    if not nodejs.interpreters():
        raise CannotInstall("Node.js is not on this machine: install the package nodejs.")
    targets = [nodejs.client_folder(3), nodejs.client_folder(4), nodejs.amaro_folder()]
    if all(target.is_dir() for target in targets):
        return
    _need_tools({"npm": "npm", "cmake": "cmake", "make": "make", "g++": "g++", "tar": "tar", "xz": "xz-utils"})
    say("nodejs: building aws-lambda-ric, which takes about a minute")
    with tempfile.TemporaryDirectory(prefix="aws-lambda-ric-") as scratch:
        old, new = Path(scratch, "3"), Path(scratch, "4")
        for folder in (old, new):
            folder.mkdir()
        quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--prefix"]
        headers = [path.parent.parent for path in nodejs.interpreters()]
        known = next((path for path in headers if (path / "include" / "node" / "node_api.h").exists()), None)
        variables = {"npm_config_nodedir": str(known)} if known else {}
        amaro, three, four = (f"{name}@{version}" for name, version in nodejs.NPM_PACKAGES)
        run_tool(["npm", "install", *quiet, new, four, amaro], new, variables)
        # The same native part serves both versions; that of version 3 can only be built with autotools.
        run_tool(["npm", "install", "--ignore-scripts", *quiet, old, three], old)
        addon = new / "node_modules/aws-lambda-ric/rapid-client.node"
        if not addon.is_file():
            raise CannotInstall("npm did not run the scripts that build aws-lambda-ric.")
        with _filled(nodejs.client_folder(3)) as folder:
            shutil.copy(old / "node_modules/aws-lambda-ric/dist/index.mjs", folder)
            shutil.copy(nodejs.HELPERS / "bootstrap.mjs", folder)
            shutil.copy(addon, folder)
        with _filled(nodejs.client_folder(4)) as folder:
            shutil.copy(new / "node_modules/aws-lambda-ric/index.mjs", folder)
            shutil.copy(addon, folder)
        with _filled(nodejs.amaro_folder()) as folder:
            shutil.copytree(new / "node_modules/amaro", folder, dirs_exist_ok=True)


def _install_go(say: Say) -> None:
    root = golang.go_root()
    if root is None:
        raise CannotInstall(golang.MISSING)
    if (golang.template() / "go.mod").is_file():
        return
    say(f"go: fetching {golang.CLIENT_MODULE} and building it once, which takes about a minute")
    with tempfile.TemporaryDirectory(prefix="aws-lambda-go-") as scratch:
        example = Path(scratch, "example")
        example.mkdir()
        (example / "main.go").write_text(_GO_EXAMPLE)
        module, output = Path(scratch, "module"), Path(scratch, "output")
        output.mkdir()
        golang.copy_module(root, example, module)
        golang.must(
            golang.run_go(root, ["get", f"{golang.CLIENT_MODULE}@{golang.CLIENT_VERSION}"], module, output, fetch=True)
        )
        golang.must(golang.run_go(root, ["mod", "tidy"], module, output, fetch=True))
        golang.must(golang.run_go(root, golang.BUILD_COMMAND, module, output))
        with _filled(golang.template()) as folder:
            for name in ("go.mod", "go.sum"):
                shutil.copyfile(module / name, folder / name)


def _install_java(say: Say) -> None:
    runtimes = [runtime for runtime in map(java.JavaRuntime, java.VERSIONS) if runtime.home is not None]
    if not runtimes:
        raise CannotInstall("Java is not on this machine: install the package default-jdk-headless.")
    if not java.client_jars():
        _need_tools({"mvn": "maven"})
        say(f"java: fetching {java.CLIENT}")
        for target, artifacts in (
            (java.events_folder(), java.EVENTS_ARTIFACTS),
            (java.lib_folder(), java.CLIENT_ARTIFACTS),
        ):
            with _filled(target) as folder:
                (folder / "pom.xml").write_text(java.pom(artifacts))
                run_tool(["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={folder}"], folder)
                (folder / "pom.xml").unlink()
    for runtime in runtimes:
        assert runtime.home is not None
        if runtime.version >= java_archive.FIRST_WITH_ARCHIVES and not java.archive_file(runtime.home).exists():
            say(f"java: recording what Java {runtime.version} loads to start the client")
            java_archive.record(runtime)


def run_tool(argv: Sequence[str | Path], folder: Path, variables: Mapping[str, str] | None = None) -> None:
    """Run one tool in `folder`. Raises CannotInstall with its most telling line where it fails."""
    name = Path(argv[0]).name
    try:
        result = subprocess.run(
            argv, cwd=folder, env={**os.environ, **(variables or {})}, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_TIMEOUT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise CannotInstall(f"{name} took longer than {_TIMEOUT_S / 60:.0f} minutes.") from None
    if result.returncode != 0:
        lines = [line.strip() for line in result.stdout.splitlines() if line.strip()]
        telling = [line for line in lines if "error" in line.lower()] or lines[-1:] or ["it gave no reason"]
        raise CannotInstall(f"{name} failed: {telling[0]}")


def compile_all(interpreter: str, *paths: Path) -> None:
    """Compile modules for `interpreter`; where they can't be written it will do so as it runs."""
    with contextlib.suppress(CannotInstall):
        run_tool([interpreter, "-I", "-S", "-m", "compileall", "-q", *paths], Path("/"))


@contextlib.contextmanager
def _filled(target: Path) -> Iterator[Path]:
    """An empty folder that takes `target`'s place once it is complete."""
    target.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".installing-", dir=target.parent))
    made.chmod(0o755)
    try:
        yield made
        shutil.rmtree(target, ignore_errors=True)
        os.replace(made, target)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _need_tools(packages: Mapping[str, str]) -> None:
    absent = [package for tool, package in packages.items() if shutil.which(tool) is None]
    if absent:
        raise CannotInstall(f"the client can't be installed: install the package {' and '.join(absent)} first.")


_INSTALLERS: dict[str, Callable[[Say], None]] = {
    "python": _install_python,
    "nodejs": _install_nodejs,
    "go": _install_go,
    "java": _install_java,
}

_GO_EXAMPLE = """package main

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

func handle(ctx context.Context, event json.RawMessage) (events.APIGatewayV2HTTPResponse, error) {
	caller, _ := lambdacontext.FromContext(ctx)
	return events.APIGatewayV2HTTPResponse{Body: caller.AwsRequestID}, nil
}

func main() {
	lambda.Start(handle)
}
"""

if __name__ == "__main__":
    install_clients(sys.argv[1:] or FAMILIES)
