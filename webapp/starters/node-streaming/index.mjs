import { setTimeout as sleep } from "node:timers/promises";

// awslambda is a global of the Node.js runtime. Each write reaches the caller at once.
export const handler = awslambda.streamifyResponse(async (event, responseStream, context) => {
  responseStream.setContentType("text/plain");
  for (const word of ["Hello, ", event.name ?? "World", "\n"]) {
    responseStream.write(word);
    await sleep(300);
  }
  responseStream.end();
});
