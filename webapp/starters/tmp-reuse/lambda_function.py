from pathlib import Path

# /tmp is the only folder one may write to. It lives as long as the execution environment.
CACHE = Path("/tmp/visits.txt")


def lambda_handler(event, context):
    visits = int(CACHE.read_text()) if CACHE.exists() else 0
    visits += 1
    CACHE.write_text(str(visits))
    return {"visits": visits, "found_in_tmp": visits > 1}
