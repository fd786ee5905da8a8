"""The guide's lesson, step by step: from an empty folder to a function that answers.

Shown by `webapp.pages.guide`. The commands are those that a beginner's guide to AWS Lambda gives, and a test runs
them as they stand.
"""

from __future__ import annotations

from dataclasses import dataclass

from webapp.pages.commands_cli import exports
from webapp.pages.guide_answers import FUNCTION
from webapp.pages.snippets import Step
from webapp.starters import starter

PLACEHOLDER_ROLE = "arn:aws:iam::your-account-id:role/your-lambda-role"
EVENT = '{"name": "World"}'
EXPECTED = '{"message":"Hello, World"}'


@dataclass(frozen=True)
class Trap:
    """What beginners stumble over: what happens and why, and the command that gets past it ("" for none)."""

    key: str
    title: str
    text: str
    code: str = ""


@dataclass(frozen=True)
class Lesson:
    """A step of the guide, with what one sees afterwards (`output` as printed) and the trap beside it."""

    key: str
    step: Step
    expect: str = ""
    output: str = ""
    trap: Trap | None = None


def lessons(endpoint_url: str, region: str) -> tuple[Lesson, ...]:
    """Every step, in order, for a server at `endpoint_url`."""
    return (
        Lesson(
            "point",
            Step(
                "Point your terminal at this playground",
                exports(endpoint_url, region),
                text="Every AWS tool reads these variables. The first sends it here instead of to Amazon; the others "
                "are needed to sign requests, and may be made up, as nobody checks a signature here.",
            ),
            "Nothing is printed. Keep to this terminal: another one needs the same lines.",
        ),
        Lesson(
            "module",
            Step(
                "Begin a Go module",
                "mkdir my-lambda-function\ncd my-lambda-function\ngo mod init example.com/hello",
                text="A module is Go's unit of dependencies. Its name is an address, though nothing needs to be there.",
            ),
            output="go: creating new go.mod: module example.com/hello",
        ),
        Lesson(
            "code",
            Step(
                "Write the handler",
                starter("go-hello").files["main.go"].rstrip("\n"),
                "go",
                file="main.go",
                text="Save this as main.go. Lambda calls MyHandler once for every event: the event's JSON arrives as a "
                "Request, and the Response goes back as JSON. lambda.Start fetches one event after the other, for as "
                "long as the environment lives.",
            ),
        ),
        Lesson(
            "library",
            Step(
                "Fetch AWS's library",
                "go get github.com/aws/aws-lambda-go/lambda",
                text="It knows how to speak with Lambda's Runtime API, so that you only write the handler.",
            ),
            output="go: added github.com/aws/aws-lambda-go v1…",
        ),
        Lesson(
            "build",
            Step(
                "Build it for Linux",
                "GOOS=linux GOARCH=amd64 go build -o main main.go",
                text="Lambda runs Linux, whatever your own computer does: the two variables say for which system to "
                "compile. The result is one file with everything in it.",
            ),
            "Nothing is printed, and there is a file named main.",
        ),
        Lesson(
            "zip",
            Step(
                "Pack it",
                "zip function.zip main",
                text="A zip with your code in it is what Lambda calls a deployment package.",
            ),
            output="adding: main (deflated 42%)",
        ),
        Lesson(
            "create",
            Step(
                "Create the function",
                f"aws lambda create-function --function-name {FUNCTION} \\\n"
                "  --zip-file fileb://function.zip --handler main \\\n"
                f"  --runtime go1.x --role {PLACEHOLDER_ROLE}",
                text="This uploads the package and gives it a name. The handler of a Go function is the name of the "
                "file to start.",
            ),
            "JSON that describes the function. Its State is Pending, and becomes Active within a second.",
            trap=Trap(
                "role",
                "The role is a placeholder",
                "A role says what a function may do in an AWS account. AWS answers this command with a "
                "ValidationException, as no such account exists: there, put the ARN of a role of yours. Here the "
                "placeholder passes, and the function's page reminds you of it.",
            ),
        ),
        Lesson(
            "invoke",
            Step(
                "Invoke it",
                f"aws lambda invoke --function-name {FUNCTION} \\\n  --payload '{EVENT}' response.json",
                text="The payload is the event. The answer of the function goes into the file named last; the "
                "terminal shows how the call itself went.",
            ),
            output='{ "StatusCode": 200, "ExecutedVersion": "$LATEST" }',
            trap=Trap(
                "payload",
                "AWS CLI version 2 says “Invalid base64”",
                "Version 2 takes a payload for base64 unless told otherwise, and then either refuses it or sends "
                "nonsense, which Lambda refuses as no JSON. aws --version tells which one you have. With version 2:",
                f"aws lambda invoke --function-name {FUNCTION} \\\n"
                f"  --cli-binary-format raw-in-base64-out --payload '{EVENT}' response.json",
            ),
        ),
        Lesson(
            "read",
            Step("Read its answer", "cat response.json", text="This is what MyHandler returned, as JSON."),
            output=EXPECTED,
        ),
    )
