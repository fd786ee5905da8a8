import time


def lambda_handler(event, context):
    """The context tells about this invocation and this function."""
    before = context.get_remaining_time_in_millis()
    time.sleep(0.1)
    after = context.get_remaining_time_in_millis()
    return {
        "request_id": context.aws_request_id,
        "function": context.function_name,
        "version": context.function_version,
        "arn": context.invoked_function_arn,
        "memory_limit_mb": context.memory_limit_in_mb,
        "log_group": context.log_group_name,
        "log_stream": context.log_stream_name,
        "remaining_ms": [before, after],
    }
