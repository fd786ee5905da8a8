def lambda_handler(event, context):
    """The event is the caller's JSON, already turned into a dict."""
    # A key may be missing: .get() answers None where event["key1"] would raise KeyError.
    first = event.get("key1")

    # Many services deliver a list of records in one event.
    records = event.get("Records") or []
    sources = [record.get("eventSource") or record.get("EventSource") for record in records]

    return {"keys": sorted(event), "key1": first, "records": len(records), "sources": sources}
