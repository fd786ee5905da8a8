def lambda_handler(event, context):
    """Lambda calls this once an invocation; what it returns is the response."""
    name = event.get("name", "World")
    return {"message": f"Hello, {name}"}
