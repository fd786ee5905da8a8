import logging

# Lambda has set up the root logger already; only its level (WARNING) is ours to lower.
logger = logging.getLogger()
logger.setLevel(logging.INFO)


def lambda_handler(event, context):
    print("print goes to the log as it is")
    logger.debug("below INFO, so this line is not shown")
    logger.info("an event with %d keys", len(event))
    logger.warning("level, time and request id come before the text")
    return "see the log"
