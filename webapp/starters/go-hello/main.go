package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

// Request is the event; a key that is missing leaves the field empty.
type Request struct {
	Name string `json:"name"`
}

// Response is what the caller gets.
type Response struct {
	Message string `json:"message"`
}

// MyHandler is called once an invocation.
func MyHandler(ctx context.Context, req Request) (Response, error) {
	return Response{Message: "Hello, " + req.Name}, nil
}

func main() {
	lambda.Start(MyHandler)
}
