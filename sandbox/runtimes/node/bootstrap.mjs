// Starts version 3 of aws-lambda-ric, which exports `run` and does nothing by itself. In /var/runtime beside it.
import { run } from "./index.mjs";

await run(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
