// An ES module: what an async handler returns is the response.
export const handler = async (event, context) => {
  console.log("request", context.awsRequestId);
  return { message: `Hello, ${event.name ?? "World"}` };
};
