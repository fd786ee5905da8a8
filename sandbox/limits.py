"""Lambda's quotas, each with its unit. Source: "Lambda quotas" in the AWS Lambda Developer Guide, read 2026-11.

A learner may read this file as a lesson; every check in the project takes its number from here.
"""

from __future__ import annotations

MB = 1024 * 1024  # Lambda says MB and means MiB

MIN_MEMORY_MB, MAX_MEMORY_MB, DEFAULT_MEMORY_MB = 128, 10_240, 128
MIN_TIMEOUT_S, MAX_TIMEOUT_S, DEFAULT_TIMEOUT_S = 1, 900, 3
MIN_STORAGE_MB, MAX_STORAGE_MB, DEFAULT_STORAGE_MB = 512, 10_240, 512
MEMORY_MB_PER_VCPU = 1_769  # "Configure Lambda function memory": 1,769 MB has the equivalent of one vCPU

MAX_ZIP_BYTES = 50 * MB  # direct upload
MAX_UNZIPPED_BYTES = 250 * MB  # with layers
MAX_LAYERS = 5
MAX_ENVIRONMENT_BYTES = 4 * 1024
MAX_HANDLER_LENGTH = 128
MAX_FILES = 1_024  # open file descriptors
MAX_PROCESSES = 1_024  # processes and threads

MAX_EVENT_BYTES = 6 * MB  # synchronous request: 6,291,456
MAX_ASYNC_EVENT_BYTES = 1 * MB  # asynchronous request (256 KB until October 2025)
MAX_RESPONSE_BYTES = 6 * MB + 100  # Lambda's own message says 6291556
MAX_STREAMED_RESPONSE_BYTES = 200 * MB
LOG_TAIL_BYTES = 4 * 1024

INIT_TIMEOUT_S = 10.0
ACCOUNT_CONCURRENCY = 1_000
MIN_UNRESERVED_CONCURRENCY = 100  # what all reservations together must leave
ASYNC_RETRY_DELAYS_S = (60.0, 120.0)
MAX_ASYNC_EVENT_AGE_S = 6 * 3600
MAX_ASYNC_RETRIES = 2
MAX_POLICY_BYTES = 20 * 1024  # a function's resource-based policy

# "Defined runtime environment variables": these can't be set in a function's configuration.
RESERVED_ENVIRONMENT = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)
