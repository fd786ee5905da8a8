"""Java functions run by AWS's own client: source, classes and jars, on every JDK of this host."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from sandbox import Invocation, Sandbox
from sandbox.runtimes import java, runtime
from tests.sandbox.host_runtimes import answer, failure, found, lines
from webapp.starters import starter

JDKS = found("java")
pytestmark = pytest.mark.parametrize("jdk", JDKS)

SOURCE = """package example;

import com.amazonaws.services.lambda.runtime.Context;
import java.util.List;
import java.util.Map;

public class Handler {
    public Object handleRequest(Map<String, Object> event, Context context) throws Exception {
        switch (String.valueOf(event.get("do"))) {
            case "throw":
                throw new IllegalStateException("bad");
            case "exit":
                System.exit(3);
            case "wait":
                Thread.sleep(20_000);
            case "context":
                return List.of(context.getFunctionName(), context.getFunctionVersion(), context.getMemoryLimitInMB(),
                    context.getInvokedFunctionArn(), context.getAwsRequestId(),
                    context.getRemainingTimeInMillis() > 500);
            case "environment":
                return List.of(
                    System.getenv("AWS_EXECUTION_ENV"), System.getenv("_HANDLER"), System.getenv("GREETING"));
            case "jvm":
                String version = System.getProperty("java.specification.version");
                return List.of(version, Runtime.getRuntime().maxMemory() >> 20);
            case "log":
                System.out.println("one");
                context.getLogger().log("two");
        }
        return Map.of("message", "Hello, " + event.get("name"));
    }
}
"""
HANDLER = "example.Handler::handleRequest"


def run(
    sandbox: Sandbox, jdk: str, event: Any = None, files: Any = SOURCE, handler: str = HANDLER, **fields: Any
) -> Invocation:
    fields = {"memory_mb": 1024, "timeout_s": 15, **fields}
    return sandbox.run(files, handler, event or {}, runtime=jdk, **fields)


def test_source_is_compiled_and_answers(sandbox: Sandbox, jdk: str) -> None:
    assert answer(run(sandbox, jdk, {"name": "World"})) == {"message": "Hello, World"}
    assert not run(sandbox, jdk, {"name": "World"}).cold


def test_the_jvm_is_the_one_the_runtime_names_with_most_of_the_memory_as_heap(sandbox: Sandbox, jdk: str) -> None:
    version, heap_mb = answer(run(sandbox, jdk, {"do": "jvm"}))
    assert version == jdk.removeprefix("java")
    assert 800 <= heap_mb <= 900


def test_the_starter_runs(sandbox: Sandbox, jdk: str) -> None:
    example = starter("java-hello")
    result = sandbox.run(
        dict(example.files), example.handler, {"name": "you"}, runtime=jdk, memory_mb=example.memory_mb,
        timeout_s=example.timeout_s,
    )  # fmt: skip
    assert answer(result) == {"message": "Hello, you"}
    assert lines(result) == [f"request {result.request_id}"]


def test_context_and_environment_are_lambdas(sandbox: Sandbox, jdk: str) -> None:
    result = run(sandbox, jdk, {"do": "context"})
    arn = "arn:aws:lambda:us-east-1:123456789012:function:playground"
    assert answer(result) == ["playground", "$LATEST", 1024, arn, result.request_id, True]
    result = run(sandbox, jdk, {"do": "environment"}, environment={"GREETING": "hi"})
    assert answer(result) == [f"AWS_Lambda_{jdk}", HANDLER, "hi"]


def test_what_it_prints_and_logs_is_the_log(sandbox: Sandbox, jdk: str) -> None:
    assert lines(run(sandbox, jdk, {"do": "log"})) == ["one", "two"]


def test_what_a_handler_throws_is_the_error_the_caller_gets(sandbox: Sandbox, jdk: str) -> None:
    error = failure(run(sandbox, jdk, {"do": "throw"}))
    assert (error["errorType"], error["errorMessage"]) == ("java.lang.IllegalStateException", "bad")
    assert error["stackTrace"][0] == "example.Handler.handleRequest(Handler.java:11)"


def test_exit_ends_the_environment(sandbox: Sandbox, jdk: str) -> None:
    result = run(sandbox, jdk, {"do": "exit"})
    message = f"RequestId: {result.request_id} Error: Runtime exited with error: exit status 3"
    assert failure(result) == {"errorType": "Runtime.ExitError", "errorMessage": message}


def test_a_handler_that_takes_too_long_is_ended(sandbox: Sandbox, jdk: str) -> None:
    result = run(sandbox, jdk, {"do": "wait"}, timeout_s=1)
    message = f"RequestId: {result.request_id} Error: Task timed out after 1.00 seconds"
    assert failure(result) == {"errorType": "Sandbox.Timedout", "errorMessage": message}


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        ("example.Nope::handleRequest", "Class not found: example.Nope"),
        (
            "example.Handler::nope",
            "No public method named nope with appropriate method signature found on class example.Handler",
        ),
    ],
    ids=["no-class", "no-method"],
)
def test_a_handler_that_is_not_there_fails_the_init(sandbox: Sandbox, jdk: str, handler: str, message: str) -> None:
    assert failure(run(sandbox, jdk, {}, handler=handler))["errorMessage"] == message


def test_a_class_that_throws_while_loading_fails_the_init(sandbox: Sandbox, jdk: str) -> None:
    source = SOURCE.replace("Handler {", 'Handler {\n    static int x = Integer.parseInt("no number");\n', 1)
    assert failure(run(sandbox, jdk, {}, source)) == {
        "errorMessage": "Error loading class example.Handler",
        "errorType": "java.lang.ExceptionInInitializerError",
    }


def test_a_handler_may_read_and_write_streams(sandbox: Sandbox, jdk: str) -> None:
    source = """package example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.*;

public class Handler implements RequestStreamHandler {
    public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
        output.write(input.readAllBytes());
    }
}
"""
    assert answer(run(sandbox, jdk, {"a": [1, None]}, source, "example.Handler")) == {"a": [1, None]}


def test_source_may_name_an_event_of_aws_without_bringing_its_class(sandbox: Sandbox, jdk: str) -> None:
    source = """package example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;

public class Handler implements RequestHandler<SQSEvent, String> {
    public String handleRequest(SQSEvent event, Context context) {
        return event.getRecords().get(0).getBody();
    }
}
"""
    assert answer(run(sandbox, jdk, {"Records": [{"body": "first"}]}, source)) == "first"


def test_a_compile_error_names_its_line(sandbox: Sandbox, jdk: str) -> None:
    result = run(sandbox, jdk, {}, SOURCE.replace('Map.of("message"', 'Map.off("message"'))
    error = failure(result)
    assert error["errorType"] == "Runtime.BuildError"
    assert error["errorMessage"].startswith("Handler.java:30: error: cannot find symbol\n")


def test_an_annotation_processor_is_not_run(sandbox: Sandbox, jdk: str) -> None:
    home = runtime(jdk).home  # type: ignore[attr-defined]
    assert home is not None
    processor = """package hostile;

import java.util.Set;
import javax.annotation.processing.*;
import javax.lang.model.element.TypeElement;

@SupportedAnnotationTypes("*")
public class Processor extends AbstractProcessor {
    public boolean process(Set<? extends TypeElement> types, RoundEnvironment round) {
        throw new RuntimeException("the processor ran");
    }
}
"""
    package = sandbox.packages.put_files({"hostile/Processor.java": processor.encode()})
    classes = runtime(jdk).prepare(package.path)
    jar = BytesIO()
    with zipfile.ZipFile(jar, "w") as file:
        file.write(classes / "hostile/Processor.class", "hostile/Processor.class")
        file.writestr("META-INF/services/javax.annotation.processing.Processor", "hostile.Processor\n")
    result = run(sandbox, jdk, {"name": "World"}, {"Handler.java": SOURCE, "lib/hostile.jar": jar.getvalue()})
    assert answer(result) == {"message": "Hello, World"}


@pytest.mark.parametrize("shape", ["jar", "classes", "jar-in-lib"])
def test_compiled_classes_run_as_they_are(sandbox: Sandbox, jdk: str, shape: str) -> None:
    package = sandbox.packages.put_files({"Handler.java": SOURCE.encode()})
    classes = runtime(jdk).prepare(package.path)
    jar = _zipped({"META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\n"} if shape == "jar" else {}, classes)
    package_zip = _zipped({"lib/function.jar": jar}) if shape == "jar-in-lib" else jar
    assert answer(run(sandbox, jdk, {"name": "World"}, package_zip)) == {"message": "Hello, World"}


def test_a_cold_start_maps_the_classes_of_the_client_from_one_file(sandbox: Sandbox, jdk: str) -> None:
    home = runtime(jdk).home  # type: ignore[attr-defined]
    if int(jdk.removeprefix("java")) >= 13:
        assert java.archive_file(home).is_file()


def _zipped(files: dict[str, bytes], folder: Path | None = None) -> bytes:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, data in files.items():
            file.writestr(name, data)
        for path in sorted(folder.rglob("*")) if folder else []:
            file.write(path, str(path.relative_to(folder or path)))
    return archive.getvalue()
