"""The event picker's sample events: what each AWS service sends a function, one JSON file a sample.

Called by the page and by tests. To add one: put its JSON beside this file and a line in the table.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class SampleEvent:
    """One sample: `body` is pretty JSON, `documentation` the title of the AWS page on its shape."""

    slug: str
    title: str
    service: str
    summary: str
    documentation: str
    body: str


_TABLE: tuple[tuple[str, str, str, str, str], ...] = (
    ("hello-world", "Hello World", "Basics", "Three keys with three values", "Create your first Lambda function"),
    ("empty", "Empty event", "Basics", "An object without any key", "Define Lambda function handler in Python"),
    (
        "apigateway-rest",
        "API Gateway REST (v1)",
        "Web",
        "Proxy integration of a REST API",
        "Set up Lambda proxy integrations in API Gateway",
    ),
    (
        "apigateway-http",
        "API Gateway HTTP (v2)",
        "Web",
        "Payload format 2.0 of an HTTP API",
        "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway",
    ),
    (
        "apigateway-authorizer",
        "API Gateway authorizer",
        "Web",
        "A token to allow or deny",
        "Use API Gateway Lambda authorizers",
    ),
    (
        "function-url",
        "Function URL",
        "Web",
        "An HTTPS request to the function's own URL",
        "Invoking Lambda function URLs",
    ),
    (
        "alb",
        "Application Load Balancer",
        "Web",
        "A request through a target group",
        "Process Application Load Balancer requests with Lambda",
    ),
    (
        "cloudfront",
        "CloudFront (Lambda@Edge)",
        "Web",
        "A viewer request at an edge location",
        "Lambda@Edge event structure",
    ),
    ("appsync", "AppSync resolver", "Web", "A GraphQL field to resolve", "AWS AppSync JavaScript context object"),
    ("s3-put", "S3 put", "Storage and data", "An object was created", "Event message structure"),
    ("s3-delete", "S3 delete", "Storage and data", "An object was deleted", "Event message structure"),
    ("s3-batch", "S3 Batch Operations", "Storage and data", "One object of a batch job", "Invoke AWS Lambda function"),
    (
        "dynamodb",
        "DynamoDB stream",
        "Storage and data",
        "An item inserted, changed and removed",
        "Using AWS Lambda with Amazon DynamoDB",
    ),
    ("sqs", "SQS", "Messages and streams", "A batch of two messages", "Using Lambda with Amazon SQS"),
    ("sns", "SNS", "Messages and streams", "A notification", "Invoking Lambda functions with Amazon SNS notifications"),
    (
        "kinesis",
        "Kinesis",
        "Messages and streams",
        "Records of a data stream",
        "Using Lambda to process records from Amazon Kinesis Data Streams",
    ),
    (
        "firehose",
        "Kinesis Data Firehose",
        "Messages and streams",
        "Records to transform on their way",
        "Transform source data in Amazon Data Firehose",
    ),
    ("kafka", "MSK / Kafka", "Messages and streams", "Records of one topic partition", "Using Lambda with Amazon MSK"),
    (
        "amazon-mq",
        "Amazon MQ",
        "Messages and streams",
        "A message from an ActiveMQ queue",
        "Using Lambda with Amazon MQ",
    ),
    ("iot", "IoT rule", "Messages and streams", "A sensor's reading", "Using AWS Lambda with AWS IoT"),
    (
        "eventbridge-schedule",
        "EventBridge schedule",
        "Events and workflows",
        "A timer went off",
        "Invoke a Lambda function on a schedule",
    ),
    (
        "eventbridge-custom",
        "EventBridge custom event",
        "Events and workflows",
        "An event of one's own application",
        "Amazon EventBridge event structure",
    ),
    (
        "stepfunctions",
        "Step Functions task",
        "Events and workflows",
        "The input of a task in a state machine",
        "Invoke an AWS Lambda function with Step Functions",
    ),
    (
        "cloudwatch-logs",
        "CloudWatch Logs",
        "Operations",
        "Log events, gzipped and base64-encoded",
        "Log group-level subscription filters",
    ),
    (
        "cloudformation",
        "CloudFormation custom resource",
        "Operations",
        "A stack creates a resource",
        "Custom resource request objects",
    ),
    (
        "codepipeline",
        "CodePipeline",
        "Operations",
        "A job of a pipeline's invoke action",
        "Invoke an AWS Lambda function in a pipeline in CodePipeline",
    ),
    ("codecommit", "CodeCommit", "Operations", "A push to a repository", "Using AWS Lambda with AWS CodeCommit"),
    (
        "config",
        "AWS Config rule",
        "Operations",
        "A resource's configuration changed",
        "Example events for AWS Config rules",
    ),
    (
        "secretsmanager",
        "Secrets Manager rotation",
        "Operations",
        "One step of a secret's rotation",
        "Rotation by Lambda function",
    ),
    (
        "cognito-pre-sign-up",
        "Cognito pre sign-up",
        "People and conversations",
        "A user is about to sign up",
        "Pre sign-up Lambda trigger",
    ),
    (
        "cognito-post-confirmation",
        "Cognito post confirmation",
        "People and conversations",
        "A user has confirmed",
        "Post confirmation Lambda trigger",
    ),
    (
        "ses",
        "SES receipt",
        "People and conversations",
        "An e-mail has arrived",
        "Example event data for Amazon SES email receiving",
    ),
    ("alexa", "Alexa skill", "People and conversations", "A spoken intent", "Request and response JSON reference"),
    (
        "connect",
        "Amazon Connect",
        "People and conversations",
        "A caller in a contact flow",
        "Grant Amazon Connect access to your AWS Lambda functions",
    ),
    (
        "lex",
        "Lex V2",
        "People and conversations",
        "An intent ready to be fulfilled",
        "AWS Lambda input event format for Lex V2",
    ),
)


@cache
def _read() -> tuple[SampleEvent, ...]:
    folder = resources.files(__name__)
    samples = []
    for slug, title, service, summary, documentation in _TABLE:
        value = json.loads((folder / f"{slug}.json").read_text(encoding="utf-8"))
        body = json.dumps(value, indent=2, ensure_ascii=False)
        samples.append(SampleEvent(slug, title, service, summary, documentation, body))
    return tuple(samples)


def sample_events() -> list[SampleEvent]:
    """Every sample, those of one service group beside each other."""
    return list(_read())


def sample_event(slug: str) -> SampleEvent:
    """The sample of that slug; `KeyError` where there is none."""
    for sample in _read():
        if sample.slug == slug:
            return sample
    raise KeyError(slug)


def search(text: str) -> list[SampleEvent]:
    """The samples whose slug, title, group or summary holds every word of `text`; all for an empty text."""
    words = text.lower().split()
    return [
        sample
        for sample in _read()
        if all(word in f"{sample.slug} {sample.title} {sample.service} {sample.summary}".lower() for word in words)
    ]
