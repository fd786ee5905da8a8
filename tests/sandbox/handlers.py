"""Handlers that several tests run; one text is one package, and so one warm environment."""

ECHO = "def lambda_handler(event, context):\n    return event\n"

COUNTER = """
import os
count = 0
def lambda_handler(event, context):
    global count
    count += 1
    return {"count": count, "pid": os.getpid()}
"""

SLEEP = """
import time
def lambda_handler(event, context):
    print("asleep")
    time.sleep(event["s"])
    return "awake"
"""
