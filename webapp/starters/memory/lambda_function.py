def lambda_handler(event, context):
    """Takes 16 MB at a time until the memory size is used up."""
    taken = []
    while True:
        # Filled with ones: memory counts only once it is written to.
        taken.append(b"\1" * (16 * 1024 * 1024))
        print(f"{16 * len(taken)} MB taken")
    # There is no MemoryError: the process is killed, and the caller gets Runtime.ExitError.
