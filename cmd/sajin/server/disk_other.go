//go:build !linux && !darwin

package server

import "math"

// diskSpace does not know what is free.
func diskSpace(string) (free, total uint64, err error) { return math.MaxUint64, math.MaxUint64, nil }
