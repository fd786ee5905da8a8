class OrderRefused(Exception):
    """An error of our own; its name becomes the errorType."""


def lambda_handler(event, context):
    check(event)


def check(event):
    # The caller gets errorMessage, errorType and stackTrace; the log gets the traceback.
    raise OrderRefused(f"can't take an order with {len(event)} keys")
