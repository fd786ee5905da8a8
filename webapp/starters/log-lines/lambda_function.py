import time


def lambda_handler(event, context):
    """Watch the log while it runs: each line comes as it is printed."""
    for step in range(1, 6):
        print(f"step {step} of 5")
        time.sleep(1)
    return "done"
