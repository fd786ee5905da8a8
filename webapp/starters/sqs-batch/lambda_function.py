import json


def lambda_handler(event, context):
    """Name only the messages that failed: SQS delivers those again, and no others."""
    failures = []
    for record in event.get("Records") or []:
        try:
            order = json.loads(record["body"])
            print("order", order)
        except (KeyError, ValueError) as error:
            print("failed:", repr(error))
            if "messageId" in record:
                failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
