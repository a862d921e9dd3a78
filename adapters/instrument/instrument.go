// Package instrument stands around the adapters of other ports and tells who
// watches of every call: what it is, when it begins and how it ends. It changes
// nothing of what they do, and knows neither metrics nor traces.
package instrument

import "context"

// Around is told of a call before it is made, and by the function that it
// answers, of how the call ended. The context is for the call.
type Around func(ctx context.Context, labels ...string) (context.Context, func(err error))

// all makes one of several; the first is the outermost.
func all(around []Around) Around {
	if len(around) == 1 {
		return around[0]
	}
	return func(ctx context.Context, labels ...string) (context.Context, func(error)) {
		ends := make([]func(error), len(around))
		for i, a := range around {
			ctx, ends[i] = a(ctx, labels...)
		}
		return ctx, func(err error) {
			for i := len(ends) - 1; i >= 0; i-- {
				ends[i](err)
			}
		}
	}
}
