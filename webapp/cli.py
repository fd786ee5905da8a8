"""The command `lambda-playground`: serve the page and the API, or run a handler once from the terminal.

Whatever is wrong is one sentence on stderr. `python -m webapp.cli` is the same command.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from sandbox.errors import LambdaError
from sandbox.limits import DEFAULT_MEMORY_MB, DEFAULT_TIMEOUT_S
from webapp.listening import ServeError
from webapp.settings import Settings

COMMAND = "lambda-playground"
FUNCTION_ERROR, BAD_INPUT, INTERRUPTED = 1, 2, 130  # exit statuses


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: runs the command in `arguments` (the process's own by default) and exits."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """The command's exit status."""
    try:
        status = command.main(arguments, prog_name=COMMAND, standalone_mode=False)
        return status if isinstance(status, int) else 0
    except click.exceptions.NoArgsIsHelpError as no_arguments:
        click.echo(no_arguments.format_message())
        return BAD_INPUT
    except click.ClickException as error:
        return _refuse(error.format_message())
    except click.Abort:
        return INTERRUPTED
    except (ServeError, LambdaError) as error:
        return _refuse(str(error))


def _refuse(sentence: str) -> int:
    click.echo(f"{COMMAND}: {sentence}", err=True)
    return BAD_INPUT


def _version() -> str:
    try:
        return version("lambda-playground")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "unknown"


_data = click.option(
    "--data",
    metavar="FOLDER",
    help="Where everything is kept.  [default: $LAMBDA_PLAYGROUND_DATA or ~/.local/share/lambda-playground]",
)


def _settings(data: str | None) -> Settings:
    chosen = {"LAMBDA_PLAYGROUND_DATA": data} if data else {}
    return Settings.from_environment({**os.environ, **chosen})


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(_version(), message="%(prog)s %(version)s")
def command() -> None:
    """A playground for AWS Lambda on your own machine: real runtimes, no AWS account."""


@command.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes any free port.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes for requests.")
@_data
@click.option("--access-log", is_flag=True, help="Print a line for each request.")
@click.option("--reload", is_flag=True, help="For work on the playground itself: Flask's debug server.")
def serve(host: str, port: int, workers: int, data: str | None, access_log: bool, reload: bool) -> None:
    """Serve the page and the Lambda API until Ctrl-C."""
    from webapp.serve import ServeOptions
    from webapp.serve import serve as serve_until_stopped

    options = ServeOptions(host=host, port=port, workers=workers, access_log=access_log, reload=reload)
    serve_until_stopped(_settings(data), options, _say)


def _say(line: str) -> None:
    click.echo(line)
    sys.stdout.flush()


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option(
    "--event",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="A file of JSON, - for stdin.  [default: {}]",
)
@click.option("--handler", default="", metavar="NAME", help="[default: found in the code]")
@click.option("--runtime", default="", metavar="ID", help="Such as python3.13.  [default: by the file]")
@click.option("--memory", default=str(DEFAULT_MEMORY_MB), metavar="MB", show_default=True)
@click.option("--timeout", default=str(DEFAULT_TIMEOUT_S), metavar="SECONDS", show_default=True)
@click.option("--env", "environment", multiple=True, metavar="KEY=VALUE", help="May be given many times.")
@_data
def invoke(
    file: Path,
    event: Path | None,
    handler: str,
    runtime: str,
    memory: str,
    timeout: str,
    environment: tuple[str, ...],
    data: str | None,
) -> int:
    """Run the handler in FILE once, as the page does.

    FILE is source code, a .zip deployment package, or - for Python on stdin. The response goes to stdout and
    the log to stderr; the exit status is 1 where the function failed, and 2 where it could not be run.
    """
    from webapp.invoke import Request, invoke_once

    variables = {}
    for text in environment:
        key, equals, value = text.partition("=")
        if not equals:
            raise click.UsageError(f"--env takes KEY=VALUE, and {text!r} has no '='.")
        variables[key] = value
    if str(file) == "-" == str(event):
        raise click.UsageError("FILE and --event can't both be read from stdin.")
    request = Request(
        name=file.name,
        code=_read(file),
        event=_read(event) if event else b"{}",
        handler=handler,
        runtime=runtime,
        memory_mb=memory,
        timeout_s=timeout,
        environment=variables,
    )
    invocation = invoke_once(_settings(data), request, lambda line: click.echo(line, err=True))
    sys.stdout.buffer.write(invocation.payload + b"\n")
    sys.stdout.buffer.flush()
    return 0 if invocation.succeeded else FUNCTION_ERROR


def _read(path: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise click.UsageError(f"{path} can't be read: {error.strerror}.") from error


if __name__ == "__main__":
    main()
