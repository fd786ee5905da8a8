// CommonJS with a callback, as older functions are written (up to Node.js 22).
exports.handler = (event, context, callback) => {
  setTimeout(() => {
    // callback(error) fails the invocation, callback(null, response) answers it.
    callback(null, { message: `Hello, ${event.name ?? "World"}` });
  }, 100);
};
