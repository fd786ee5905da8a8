import time

# Module code is the init: it runs once, when an execution environment starts.
started = time.time()
invocations = 0


def lambda_handler(event, context):
    """Run it twice: the second time is warm, and the counter goes on."""
    global invocations
    invocations += 1
    return {
        "start": "cold" if invocations == 1 else "warm",
        "invocations_here": invocations,
        "environment_age_s": round(time.time() - started, 3),
    }
