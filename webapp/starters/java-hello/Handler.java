package example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.Map;

/** Lambda makes one Handler an execution environment and calls handleRequest once an invocation. */
public class Handler implements RequestHandler<Map<String, Object>, Map<String, Object>> {
    @Override
    public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
        context.getLogger().log("request " + context.getAwsRequestId());
        return Map.of("message", "Hello, " + event.getOrDefault("name", "World"));
    }
}
