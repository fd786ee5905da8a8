"""Node.js: the host's interpreters, with AWS's own client; TypeScript sources are turned into JavaScript first.

Version 3 of the client (aws-lambda-ric) runs callback handlers, which Lambda has up to Node.js 22; version 4 is what
Node.js 24 has. Source: "Building Lambda functions with Node.js" in the AWS Lambda Developer Guide.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path

from sandbox.function import Function
from sandbox.runtimes.base import BuildError, Mount, Runtime
from sandbox.runtimes.compiling import OUTPUT, SOURCE, Compiler, built_once, content_key
from sandbox.runtimes.toolchains import INSTALL_COMMAND, in_system, is_binary, on_path, toolchains

MAJORS = (24, 22, 20, 18)  # newest first, as they are offered
LAST_WITH_CALLBACKS = 22
# What is installed: amaro, and the last version 3 and 4 of the client (their native part is one and the same).
NPM_PACKAGES = (("amaro", "1.2.1"), ("aws-lambda-ric", "3.3.0"), ("aws-lambda-ric", "4.0.2"))
HELPERS = Path(__file__).parent / "node"
_BUILT = "typescript"
_NODE = "/var/lang/bin/node"  # where an interpreter that is not the system's is mounted
_TRANSLATOR, _AMARO = "/build/typescript.mjs", "/build/amaro"


class NodejsRuntime(Runtime):
    """nodejsN.x."""

    family = "nodejs"
    default_handler = "index.handler"
    source_name = "index.mjs"

    def __init__(self, major: int) -> None:
        self.major = major
        self.identifier = f"nodejs{major}.x"
        self.label = f"Node.js {major}"
        self._prepared: dict[Path, Path] = {}

    @cached_property
    def _node(self) -> Path | None:
        return next((path for path in interpreters() if _major(path) == self.major), None)

    @property
    def _client(self) -> Path:
        return client_folder(3 if self.major <= LAST_WITH_CALLBACKS else 4)

    @property
    def missing(self) -> str:
        """Names the interpreter, or else its client."""
        if self._node is None:
            return f"Node.js {self.major} is not on this machine: install the package nodejs, version {self.major}."
        if not (self._client / "rapid-client.node").is_file():
            return f"aws-lambda-ric, the client for Node.js, is not installed: run {INSTALL_COMMAND} nodejs."
        return ""

    def mounts(self) -> list[Mount]:
        """The client, and the interpreter where it is not one of the system's."""
        assert self._node is not None
        node = [] if in_system(self._node) else [Mount(self._node, _NODE)]
        return [*node, Mount(self._client, "/var/runtime")]

    def command(self, function: Function, task: Path, opt: Path | None) -> list[str]:
        """The flags of Lambda's own start script, and its client."""
        assert self._node is not None
        node = str(self._node) if in_system(self._node) else _NODE
        new_space_mb = function.memory_mb // 10
        flags = ["--expose-gc", "--max-http-header-size=81920", f"--max-semi-space-size={new_space_mb // 2}"]
        flags.append(f"--max-old-space-size={function.memory_mb - new_space_mb}")
        if task.name.startswith(_BUILT):
            flags.append("--enable-source-maps")
        if self.major == 22 and "module" not in function.environment.get("NODE_OPTIONS", ""):
            # "Experimental Node.js features": off unless NODE_OPTIONS turns them on
            flags += ["--no-experimental-require-module", "--no-experimental-detect-module"]
        program = "bootstrap.mjs" if self.major <= LAST_WITH_CALLBACKS else "index.mjs"
        return [node, *flags, f"/var/runtime/{program}"]

    def variables(self, function: Function) -> Mapping[str, str]:
        """Where modules are looked for beyond the package: the layers, the runtime."""
        layers = f"/opt/nodejs/node{self.major}/node_modules:/opt/nodejs/node_modules"
        return {"NODE_PATH": f"{layers}:/var/runtime/node_modules:/var/runtime:/var/task"}

    def prepare(self, code: Path) -> Path:
        """The package itself, or where it has TypeScript sources a copy with JavaScript in their place."""
        known = self._prepared.get(code)
        if known is not None and known.is_dir():
            return known
        if has_typescript(code):
            key = f"{content_key(HELPERS)} {NPM_PACKAGES} {content_key(code)}"
            self._prepared[code] = built_once(_BUILT, key, lambda output: self._translate(code, output))
        else:
            self._prepared[code] = code
        return self._prepared[code]

    def _translate(self, code: Path, output: Path) -> None:
        assert self._node is not None
        node = self._node
        mounts = [Mount(HELPERS / "typescript.mjs", _TRANSLATOR), Mount(amaro_folder(), _AMARO)]
        mounts += [] if in_system(node) else [Mount(node, str(node))]
        argv = [str(node), _TRANSLATOR, _AMARO, SOURCE, OUTPUT]
        status, messages = Compiler(mounts, memory_mb=2048).run(argv, code, output)
        if status != 0:
            raise BuildError(
                messages.replace(f"{SOURCE}/", "").strip() or f"The translator ended with status {status}."
            )


def client_folder(version: int) -> Path:
    """Where that major version of aws-lambda-ric is installed."""
    return toolchains() / "nodejs" / f"ric-{version}"


def amaro_folder() -> Path:
    """Where the package that removes types is installed."""
    return toolchains() / "nodejs" / "amaro"


def has_typescript(code: Path) -> bool:
    """True where a package has TypeScript sources of its own, which no JavaScript file lies beside."""
    sources = (path for kind in ("*.ts", "*.mts", "*.cts") for path in code.rglob(kind))
    for path in sources:
        foreign = "node_modules" in path.relative_to(code).parts or path.stem.endswith(".d")
        if not foreign and not any(path.with_suffix(suffix).exists() for suffix in (".js", ".mjs", ".cjs")):
            return True
    return False


def interpreters() -> list[Path]:
    """Every Node.js on PATH and of the version managers, links resolved."""
    found = [*on_path("node", "/usr/bin/node", "/usr/bin/nodejs", "/usr/local/bin/node")]
    for pattern in (
        ".nvm/versions/node/v*/bin/node",
        ".local/share/fnm/node-versions/v*/installation/bin/node",
    ):
        found += sorted(Path.home().glob(pattern), reverse=True)
    return [path.resolve() for path in found if is_binary(path.resolve())]


@cache
def _major(node: Path) -> int | None:
    """The major version: by its folder's name, else the interpreter is asked, once."""
    named = re.search(r"/v(\d+)\.\d+\.\d+/", str(node))
    if named:
        return int(named[1])
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    except OSError:
        return None
    version = re.match(r"v(\d+)\.", answer)
    return int(version[1]) if version else None
