import os

# Configuration belongs here rather than in code. Read it once, in the init.
GREETING = os.environ.get("GREETING", "Hello")


def lambda_handler(event, context):
    return {
        "message": f"{GREETING}, {event.get('name', 'World')}",
        # Lambda sets some variables itself.
        "region": os.environ.get("AWS_REGION"),
        "memory_mb": os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
    }
