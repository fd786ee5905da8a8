"""Java: the host's JDKs, with AWS's own client; classes and jars run as they are, source is compiled first.

A function's classes are found in /var/task and its jars in /var/task/lib, as on Lambda.
Source: "Building Lambda functions with Java" in the AWS Lambda Developer Guide.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from sandbox.function import Function
from sandbox.runtimes.base import BuildError, Mount, Runtime
from sandbox.runtimes.compiling import OUTPUT, SOURCE, Compiler, built_once, content_key
from sandbox.runtimes.toolchains import INSTALL_COMMAND, in_system, is_binary, on_path, toolchains

VERSIONS = (25, 21, 17, 11)  # newest first, as they are offered
CLIENT = "aws-lambda-java-runtime-interface-client"
EVENTS = "aws-lambda-java-events"
CLIENT_ARTIFACTS = {CLIENT: "2.10.1"}  # brings aws-lambda-java-core and -serialization
EVENTS_ARTIFACTS = {EVENTS: "3.16.1"}
MAIN_CLASS = "com.amazonaws.services.lambda.runtime.api.client.AWSLambda"
EVENTS_PACKAGE = "com.amazonaws.services.lambda.runtime.events"
LIB, ARCHIVE = "/var/runtime/lib", "/var/runtime/client.jsa"
_JDK = "/var/lang"  # where a JDK that is not the system's is mounted
_BUILT = "java"


class JavaRuntime(Runtime):
    """javaN."""

    family = "java"
    default_handler = "example.Handler::handleRequest"
    source_name = "Handler.java"

    def __init__(self, version: int) -> None:
        self.version = version
        self.identifier = f"java{version}"
        self.label = f"Java {version}"

    @property
    def home(self) -> Path | None:
        """The JDK's folder on the host (JAVA_HOME)."""
        return java_homes().get(self.version)

    @property
    def missing(self) -> str:
        """Names the JDK, or else the client."""
        if self.home is None:
            package = f"openjdk-{self.version}-jdk-headless"
            return f"Java {self.version} is not on this machine: install the package {package}."
        if not client_jars():
            return f"{CLIENT} is not installed: run {INSTALL_COMMAND} java."
        return ""

    def mounts(self) -> list[Mount]:
        """The client's jars, the archive of its loaded classes, and what of the JDK is not under /usr."""
        assert self.home is not None
        mounts = [*jdk_mounts(self.home), Mount(lib_folder(), LIB)]
        archive = archive_file(self.home)
        return [*mounts, Mount(archive, ARCHIVE)] if archive.is_file() else mounts

    def command(self, function: Function, task: Path, opt: Path | None) -> list[str]:
        """Lambda's settings of the JVM: a heap of 85 % of the memory, the serial collector, the quick compiler."""
        assert self.home is not None
        heap_kb = function.memory_mb * 1024 * 85 // 100
        archive = [f"-XX:SharedArchiveFile={ARCHIVE}"] if archive_file(self.home).is_file() else []
        return [*self.jvm(heap_kb), *archive, *client_command(function.handler)]

    def jvm(self, heap_kb: int) -> list[str]:
        """The JVM, inside the sandbox, and its flags."""
        assert self.home is not None
        return [f"{inside(self.home)}/bin/java", f"-XX:MaxHeapSize={heap_kb}k", *_flags(self.version)]

    def prepare(self, code: Path) -> Path:
        """The package itself, or where it holds source and no classes, what that is compiled to."""
        if not is_source(code):
            return code
        key = f"{self.home} {self.version} {content_key(code)}"
        return built_once(_BUILT, key, lambda output: self._compile(code, output))

    def _compile(self, code: Path, output: Path) -> None:
        assert self.home is not None
        if not (self.home / "bin" / "javac").exists():
            raise BuildError(f"This Java can't compile: install the package openjdk-{self.version}-jdk-headless.")
        sources = sorted(path.relative_to(code) for path in code.rglob("*.java"))
        own_jars = sorted((code / "lib").glob("*.jar"))
        jars = [f"{LIB}/{path.name}" for path in client_jars()]
        jars += [f"{SOURCE}/lib/{path.name}" for path in own_jars]
        events: list[Path] = []
        uses_events = any(EVENTS_PACKAGE in (code / path).read_text(errors="replace") for path in sources)
        if uses_events and not any(path.name.startswith(EVENTS) for path in own_jars):
            events = sorted(events_folder().glob("*.jar"))
        jars += [f"/build/events/{path.name}" for path in events]
        argv = [
            f"{inside(self.home)}/bin/javac", "-J-Xmx512m", "-J-XX:+UseSerialGC", "-J-XX:TieredStopAtLevel=1",
            "-proc:none",  # an annotation processor would be the user's program
            "-implicit:none", "-encoding", "UTF-8", "-g", "-Xlint:-options", "-cp", ":".join(jars), "-d", OUTPUT,
            *(f"./{path}" for path in sources),
        ]  # fmt: skip
        mounts = [*jdk_mounts(self.home), Mount(lib_folder(), LIB)]
        mounts += [Mount(events_folder(), "/build/events")] if events else []
        status, messages = Compiler(mounts).run(argv, code, output)
        if status != 0:
            raise BuildError(messages.replace("./", "").strip() or f"javac ended with status {status}.")
        # What is no source stays in the package: resources, libraries.
        for path in code.rglob("*"):
            if path.is_file() and path.suffix != ".java":
                target = output / path.relative_to(code)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)
        for path in events:
            (output / "lib").mkdir(exist_ok=True)
            shutil.copy2(path, output / "lib" / path.name)


def _flags(version: int) -> list[str]:
    flags = ["-XX:+UseSerialGC", "-XX:+TieredCompilation", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xlog:all=off"]
    flags += ["-Djava.net.preferIPv4Stack=true"]
    flags += ["--add-opens=java.base/java.io=ALL-UNNAMED"]  # the client writes its log to a descriptor it is given
    if version >= 22:  # since when the JVM warns of a library that is loaded without it
        flags += ["--enable-native-access=ALL-UNNAMED"]
    return flags


def client_command(handler: str) -> list[str]:
    """The client's part of the JVM's command line; its jar names the others. The archive holds for just this one."""
    jar = next(path.name for path in client_jars() if path.name.startswith(CLIENT))
    return ["-cp", f"{LIB}/{jar}", MAIN_CLASS, handler]


def is_source(code: Path) -> bool:
    """True where a package has Java source and nothing compiled."""
    return any(code.rglob("*.java")) and not any(code.rglob("*.class"))


def lib_folder() -> Path:
    """The client's jars on the host."""
    return toolchains() / "java" / "lib"


def events_folder() -> Path:
    """The event classes that source may import without bringing them."""
    return toolchains() / "java" / "events"


def client_jars() -> list[Path]:
    """The client's jars, in the order of its class path; none where it is not installed."""
    jars = sorted(lib_folder().glob("*.jar"))
    return jars if any(path.name.startswith(CLIENT) for path in jars) else []


def archive_file(home: Path) -> Path:
    """The archive of classes (CDS) that lets this JDK start the client faster, where one could be made."""
    files = [home / "release", *client_jars()]  # it is of use for these very files only
    key = " ".join(f"{path} {path.stat().st_mtime_ns}" for path in files)
    key += f" {_flags(int(_release(home).split('.')[0]))}"
    name = f"java-{_release(home)}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.jsa"
    return toolchains() / "java" / "archives" / name


def pom(artifacts: Mapping[str, str]) -> str:
    """A Maven project that depends on `artifacts` (name → version) of com.amazonaws."""
    dependencies = "".join(
        f"<dependency><groupId>com.amazonaws</groupId><artifactId>{name}</artifactId><version>{version}</version></dependency>"
        for name, version in artifacts.items()
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>playground</groupId><artifactId>clients</artifactId><version>1</version>"
        f"<dependencies>{dependencies}</dependencies></project>"
    )


@cache
def java_homes() -> dict[int, Path]:
    """The JDKs (or JREs) of this host by major version, the first found of each."""
    found: dict[int, Path] = {}
    for home in _candidates():
        version = re.match(r"(\d+)", _release(home))
        if version and is_binary(home / "bin" / "java"):
            found.setdefault(int(version[1]), home)
    return found


def _candidates() -> Iterator[Path]:
    if os.environ.get("JAVA_HOME"):
        yield Path(os.environ["JAVA_HOME"]).resolve()
    for program in on_path("java"):
        yield program.resolve().parent.parent
    for folder in (Path("/usr/lib/jvm"), Path.home() / ".sdkman/candidates/java", Path.home() / ".jdks"):
        yield from (path.resolve() for path in sorted(folder.glob("*")))


@cache
def _release(home: Path) -> str:
    """JAVA_VERSION of the JDK's `release` file ("17.0.15"), "" where it is none."""
    try:
        version = re.search(r'^JAVA_VERSION="([^"]+)"', (home / "release").read_text(), re.MULTILINE)
    except OSError:
        return ""
    return version[1] if version else ""


def inside(home: Path) -> str:
    """The JDK's folder as the sandbox sees it."""
    return str(home) if in_system(home) else _JDK


def jdk_mounts(home: Path) -> list[Mount]:
    """The JDK, and its settings where a distribution keeps them in /etc."""
    mounts = [] if in_system(home) else [Mount(home, _JDK)]
    settings = (home / "lib" / "jvm.cfg").resolve()
    if settings.is_relative_to("/etc") and len(settings.parts) > 3:
        folder = Path(*settings.parts[:3])
        mounts.append(Mount(folder, str(folder)))
    return mounts
