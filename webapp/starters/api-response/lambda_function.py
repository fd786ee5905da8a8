import json


def lambda_handler(event, context):
    """API Gateway turns statusCode, headers and body into an HTTP response."""
    query = event.get("queryStringParameters") or {}  # null where there is no query string
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"message": f"Hello, {query.get('name', 'World')}"}),  # a string, not a dict
    }
