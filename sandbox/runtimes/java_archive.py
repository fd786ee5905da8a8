"""Records which classes the JVM loads to start the client, so that it can map them from one file (CDS) next time.

It saves a third of a cold start or more. Made once for each JDK, by `sandbox.runtimes.install`: a small
handler is run against a Runtime API that asks it to answer once and then to end.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sandbox.runtimes import java
from sandbox.runtimes.base import BuildError, Mount
from sandbox.runtimes.compiling import Compiler

FIRST_WITH_ARCHIVES = 13  # JEP 350
_HANDLER = """package recorded;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.Map;

public class Handler implements RequestHandler<Map<String, Object>, Map<String, Object>> {
    private int count = 0;

    public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
        context.getLogger().log("recording");
        if (count++ > 0) {
            System.exit(0);
        }
        return Map.of("event", event);
    }
}
"""


class _RuntimeApi(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b'{"name": "World", "number": 1.5, "list": [true, null, {"key": "value"}]}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Lambda-Runtime-Aws-Request-Id", "00000000-0000-4000-8000-000000000000")
        self.send_header("Lambda-Runtime-Deadline-Ms", "4102444800000")
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:x")
        self.send_header("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=0")
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def record(runtime: java.JavaRuntime) -> None:
    """Write the archive of `runtime`'s JDK. Raises BuildError where the JVM made none."""
    assert runtime.home is not None
    server = ThreadingHTTPServer(("127.0.0.1", 0), _RuntimeApi)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with tempfile.TemporaryDirectory(prefix="java-archive-") as scratch:
            source, output = Path(scratch, "source"), Path(scratch, "output")
            for folder in (source, output):
                folder.mkdir(mode=0o755)
            (source / "Handler.java").write_text(_HANDLER)
            classes = runtime.prepare(source)
            status, messages = Compiler(
                mounts=[*java.jdk_mounts(runtime.home), Mount(java.lib_folder(), java.LIB)],
                variables={
                    "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}", "_HANDLER": "recorded.Handler",
                    "AWS_LAMBDA_FUNCTION_NAME": "x", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "AWS_LAMBDA_LOG_GROUP_NAME": "x",
                    "AWS_LAMBDA_LOG_STREAM_NAME": "x", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
                    "LAMBDA_TASK_ROOT": "/build/source", "AWS_REGION": "us-east-1",
                },
            ).run(
                [
                    *runtime.jvm(445_644), "-XX:ArchiveClassesAtExit=/build/output/client.jsa",
                    *java.client_command("recorded.Handler::handleRequest"),
                ],
                classes, output, network=True,
            )  # fmt: skip
            made = output / "client.jsa"
            if not made.is_file():
                raise BuildError(f"Java {runtime.version} wrote no archive of classes (status {status}). {messages}")
            target = java.archive_file(runtime.home)
            target.parent.mkdir(parents=True, exist_ok=True)
            scratch_file = target.with_name(f".{os.getpid()}-{target.name}")
            shutil.copyfile(made, scratch_file)
            scratch_file.chmod(0o644)
            os.replace(scratch_file, target)
    finally:
        server.shutdown()
        server.server_close()
