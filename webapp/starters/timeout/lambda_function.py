import time


def lambda_handler(event, context):
    print(f"{context.get_remaining_time_in_millis()} ms left, sleeping for 10 s")
    time.sleep(10)
    # Never reached: the timeout is 3 s, and Lambda ends the execution environment there.
    return "awake"
