"""Go: a package's own executable, or its source, which is built first by the host's toolchain.

go1.x runs the executable that the handler names, over the Runtime API. Other than on Lambda, source may be the
package; `build()` makes a `bootstrap` of it, for the provided runtimes too.
Source: "Building Lambda functions with Go" in the AWS Lambda Developer Guide.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from sandbox.function import Function
from sandbox.runtimes.base import BuildError, FunctionStartError, Mount, Runtime
from sandbox.runtimes.compiling import OUTPUT, SOURCE, Compiler, built_once, content_key, give_away
from sandbox.runtimes.executable import exec_failure
from sandbox.runtimes.toolchains import in_system, is_binary, on_path, toolchains

MISSING = "Go is not on this machine: install the package golang."
CLIENT_MODULE = "github.com/aws/aws-lambda-go"
CLIENT_VERSION = "v1.55.1"
BUILT = "go"  # what the folders of built packages are named after

BUILD_COMMAND = (
    "build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", f"{OUTPUT}/bootstrap", ".",
)  # fmt: skip

_GO, _MODULES, _CACHE = "/build/go", "/build/modules", "/build/cache"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_MODULE_FILES = ("go.mod", "go.sum", "go.work", "go.work.sum")
# What `go build` says where modules must be fetched, or go.mod be completed, first.
_NEEDS_MODULES = re.compile(
    r"GOPROXY=off|missing go\.sum entry|no required module provides|updates to go\.mod|go mod tidy"
)


class GoRuntime(Runtime):
    """go1.x."""

    identifier = "go1.x"
    family = "go"
    label = "Go"
    default_handler = "main"
    source_name = "main.go"

    @property
    def missing(self) -> str:
        """Names the toolchain."""
        return "" if go_root() else MISSING

    def mounts(self) -> list[Mount]:
        """Nothing: a Go executable brings all it needs."""
        return []

    def command(self, function: Function, task: Path, opt: Path | None) -> list[str]:
        """The executable named by the handler, or the one that was built from the package's source."""
        program = f"/var/task/{'bootstrap' if task.name.startswith(BUILT) else function.handler}"
        failure = exec_failure(program, task, opt)
        if failure:
            raise FunctionStartError("PathError", f"fork/exec {program}: {failure}", names_request=False)
        return [program]

    def prepare(self, code: Path) -> Path:
        """The package itself, or what its Go source is built to."""
        return build(code) if is_source(code) else code


@cache
def go_root() -> Path | None:
    """The host's Go installation (GOROOT), None where there is none."""
    for program in on_path("go", "/usr/local/go/bin/go", "/usr/lib/go/bin/go"):
        root = program.resolve().parent.parent
        if is_binary(program.resolve()) and (root / "VERSION").exists() and (root / "src").is_dir():
            return root
    return None


def template() -> Path:
    """A go.mod and go.sum for a package that has none, written when the client module was fetched."""
    return toolchains() / "go" / "template"


def is_source(code: Path) -> bool:
    """True where a package has Go source at its top and no executable beside it."""
    if (code / "bootstrap").exists():
        return False
    return any(code.glob("*.go")) and not any(path.is_file() and is_binary(path) for path in code.iterdir())


def build(code: Path) -> Path:
    """A package with the executable `bootstrap` in place of the Go source of `code`; made once.

    Raises BuildError with the compiler's lines ("main.go:7:2: undefined: x").
    """
    root = go_root()
    if root is None:
        raise BuildError(MISSING)
    version = (root / "VERSION").read_text().split()[0]
    key = f"{version} {BUILD_COMMAND} {content_key(code)}"
    return built_once(BUILT, key, lambda output: _build(root, code, output))


def _build(root: Path, code: Path, output: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="go-build-") as scratch:
        module = Path(scratch, "module")
        copy_module(root, code, module)
        status, messages = run_go(root, BUILD_COMMAND, module, output)
        if status != 0 and _NEEDS_MODULES.search(messages):
            status, messages = run_go(root, ["mod", "tidy"], module, output, fetch=True)
            if status == 0:
                status, messages = run_go(root, BUILD_COMMAND, module, output)
        if status == 0 and not is_binary(output / "bootstrap"):
            status, messages = 1, "The package is not main: a function is built from package main."
        must((status, messages))
    # What is no source stays in the package: templates, data.
    for path in code.rglob("*"):
        target = output / path.relative_to(code)
        if path.is_file() and path.suffix != ".go" and path.name not in _MODULE_FILES and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)


def copy_module(root: Path, code: Path, module: Path) -> None:
    """Copy a package's source to where the go command may complete its go.mod."""
    shutil.copytree(code, module, ignore_dangling_symlinks=True)
    if not (module / "go.mod").exists():
        _write_go_mod(root, module)
    for path in [module, *module.rglob("*")]:  # the compiler runs under a user of its own
        path.chmod(0o777 if path.is_dir() else 0o666)


def must(result: tuple[int, str]) -> None:
    """Raises BuildError unless the go command of this exit status succeeded."""
    status, messages = result
    if status != 0:
        raise BuildError(_readable(messages) or f"The go command ended with status {status}.")


def _write_go_mod(root: Path, module: Path) -> None:
    sources = "".join(path.read_text(errors="replace") for path in module.rglob("*.go"))
    if f'"{CLIENT_MODULE}/' in sources and (template() / "go.mod").exists():
        for name in ("go.mod", "go.sum"):
            shutil.copyfile(template() / name, module / name)
        return
    language = re.match(r"go(\d+\.\d+)", (root / "VERSION").read_text())
    (module / "go.mod").write_text(f"module function\n\ngo {language[1] if language else '1.21'}\n")


def run_go(root: Path, argv: Sequence[str], module: Path, output: Path, *, fetch: bool = False) -> tuple[int, str]:
    """Run the go command in `module`, isolated; with `fetch` it may load modules from the module proxy."""
    go = root if in_system(root) else Path(_GO)
    store = toolchains() / "go"
    modules, builds = Mount(store / "modules", _MODULES), Mount(store / "cache", _CACHE)
    give_away(modules.host)
    mounts = [] if in_system(root) else [Mount(root, _GO)]
    variables = {
        "GOROOT": str(go), "GOPATH": _MODULES, "GOMODCACHE": _MODULES, "GOCACHE": _CACHE, "GOENV": "off",
        "GOOS": "linux", "GOARCH": _ARCHITECTURES.get(platform.machine(), ""), "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=mod -modcacherw -buildvcs=false", "GOWORK": "off", "GOTOOLCHAIN": "local", "GOVCS": "*:off",
        "GO111MODULE": "on", "GOTELEMETRY": "off", "GOMEMLIMIT": "1GiB", "GOPROXY": "off", "GOSUMDB": "off",
    }  # fmt: skip
    if fetch:
        variables |= _proxy_settings(root)
    compiler = Compiler(
        mounts=mounts if fetch else [*mounts, modules],
        caches=[builds, modules] if fetch else [builds],
        variables=variables,
    )
    return compiler.run([f"{go}/bin/go", *argv], module, output, network=fetch, source_writable=True)


def _proxy_settings(root: Path) -> dict[str, str]:
    """The operator's own, without "direct": source may name any host, and only the proxy is to be asked."""
    names = ("GOPROXY", "GOSUMDB", "GONOSUMDB", "GOINSECURE")
    answer = subprocess.run([root / "bin" / "go", "env", *names], capture_output=True, text=True, check=False)
    settings = dict(zip(names, answer.stdout.splitlines(), strict=False))
    proxies = [word for word in re.split(r"[,|]", settings.get("GOPROXY", "")) if word not in ("direct", "off", "")]
    settings["GOPROXY"] = ",".join(proxies) or "off"  # an operator who names none gets what is cached already
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy", "SSL_CERT_FILE"):
        if name in os.environ:
            settings[name] = os.environ[name]
    return settings


def _readable(messages: str) -> str:
    """The compiler's lines as the user named the files, without the headings of packages."""
    noise = ("# ", "go: downloading ", "go: finding ", "go: found ")
    lines = [line for line in messages.splitlines() if not line.startswith(noise)]
    return "\n".join(lines).replace(f"{SOURCE}/", "").replace("./", "").strip()
