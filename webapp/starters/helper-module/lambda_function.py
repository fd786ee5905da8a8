# Every file of the deployment package lies beside the handler and can be imported.
from greetings import greet


def lambda_handler(event, context):
    return {"message": greet(event.get("name", "World"))}
