"""Run AWS Lambda functions in isolated execution environments, without AWS.

from sandbox import Sandbox

with Sandbox() as sandbox:
    result = sandbox.run("def handler(event, context): return event['x'] + 1", "lambda_function.handler", {"x": 1})
    print(result.payload, result.billed_duration_ms)
"""

from sandbox.errors import LambdaError
from sandbox.function import Function, Invocation, LogEvent, ResponseChunk
from sandbox.manager import Sandbox

__all__ = ["Function", "Invocation", "LambdaError", "LogEvent", "ResponseChunk", "Sandbox"]
