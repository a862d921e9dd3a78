// Package trace carries the id of the request that something is done for, from
// the HTTP answer through the log to the events that it causes.
package trace

import "context"

type key struct{}

// With returns a context that carries the id.
func With(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, key{}, id)
}

// ID is the id that the context carries, or "".
func ID(ctx context.Context) string {
	id, _ := ctx.Value(key{}).(string)
	return id
}
