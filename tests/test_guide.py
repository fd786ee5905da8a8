"""A beginner's guide to AWS Lambda, typed word for word against the playground.

The commands are run as a learner types them, with nothing but AWS_ENDPOINT_URL pointing here. Go is needed, as it is
on the machine where the tests are run.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MAIN_GO = """package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

type Request struct {
	Name string `json:"name"`
}

type Response struct {
	Message string `json:"message"`
}

func MyHandler(ctx context.Context, request Request) (Response, error) {
	return Response{Message: "Hello, " + request.Name}, nil
}

func main() {
	lambda.Start(MyHandler)
}
"""

BUILD = """
go mod init example.com/hello
go get github.com/aws/aws-lambda-go/lambda
GOOS=linux GOARCH=amd64 go build -o main main.go
zip function.zip main
"""

GUIDE = """
aws lambda create-function --function-name my-lambda-function \\
  --zip-file fileb://function.zip --handler main \\
  --runtime go1.x --role arn:aws:iam::your-account-id:role/your-lambda-role
aws lambda invoke --function-name my-lambda-function --payload '{"name": "World"}' response.json
cat response.json
"""

PROVIDED = """
cp main bootstrap
zip provided.zip bootstrap
aws lambda create-function --function-name my-provided-function \\
  --zip-file fileb://provided.zip --handler bootstrap \\
  --runtime provided.al2023 --role arn:aws:iam::123456789012:role/lambda-role
aws lambda wait function-active-v2 --function-name my-provided-function
aws lambda invoke --function-name my-provided-function --payload '{"name": "World"}' provided.json > /dev/null
cat provided.json
"""

AFTERWARDS = """
aws lambda list-functions --query 'Functions[].FunctionName' --output text
aws lambda update-function-configuration --function-name my-lambda-function --timeout 10 --query Timeout
aws lambda wait function-updated-v2 --function-name my-lambda-function
aws lambda delete-function --function-name my-lambda-function
aws lambda delete-function --function-name my-provided-function
aws lambda list-functions --query 'length(Functions)'
"""


def typed(commands: str, folder: Path, environment: dict[str, str]) -> str:
    """What a shell prints for these lines; each must succeed."""
    if not shutil.which("zip"):  # what every machine with Python can do as well
        commands = re.sub(r"^zip (\S+) (\S+)$", rf"{sys.executable} -m zipfile -c \1 \2", commands, flags=re.M)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_guide_works_word_for_word(tmp_path: Path, aws_environment: dict[str, str]) -> None:
    assert shutil.which("go"), "Go is not installed (Debian's package is `golang-go`)"
    home = {name: _go(name) for name in ("GOMODCACHE", "GOCACHE")}  # HOME is empty, what was downloaded need not be
    (tmp_path / "main.go").write_text(MAIN_GO)
    environment = {**aws_environment, **home}
    typed(BUILD, tmp_path, environment)
    printed = typed(GUIDE, tmp_path, environment)
    assert printed.endswith('{"message":"Hello, World"}')
    created, _, invoked = printed.removesuffix('{"message":"Hello, World"}').partition("\n}\n")
    assert json.loads(created + "}")["FunctionName"] == "my-lambda-function"
    assert json.loads(invoked) == {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
    assert typed(PROVIDED, tmp_path, environment).endswith('{"message":"Hello, World"}')
    listed = typed(AFTERWARDS, tmp_path, environment)
    assert "my-lambda-function" in listed
    assert "my-provided-function" in listed


def test_a_payload_in_base64_gets_a_hint(tmp_path: Path, aws_environment: dict[str, str], lambda_client: Any) -> None:
    """What version 2 of the AWS CLI does to a payload that is text is told to whoever did not expect it."""
    from tests.api.support import function

    with function(lambda_client) as name:
        done = subprocess.run(
            ["aws", "lambda", "invoke", "--function-name", name, "--payload", "eyJuYW1lIjogIldvcmxkIn0=", "out.json"],
            cwd=tmp_path,
            env=aws_environment,
            capture_output=True,
            text=True,
        )
    assert done.returncode != 0
    assert "InvalidRequestContentException" in done.stderr
    assert "--cli-binary-format raw-in-base64-out" in done.stderr


def _go(name: str) -> str:
    return subprocess.run(["go", "env", name], capture_output=True, text=True, check=True).stdout.strip()
