package sqldb

import (
	"fmt"
	"math"
	"reflect"
	"time"
)

// Value brings an argument to one of the types that a driver has to know: nil,
// int64, float64, bool, string, []byte, time.Time and, for an id, [16]byte.
//
// Times become UTC and lose what is below a microsecond. The zero time, the
// zero id, a nil pointer and a nil slice are NULL. Named types count as what
// they are made of. What is none of these is an error, so that no statement
// works on one database and fails on the other.
func Value(arg any) (any, error) {
	switch v := arg.(type) {
	case nil, int64, string, bool, float64:
		return v, nil
	case int:
		return int64(v), nil
	case time.Time:
		if v.IsZero() {
			return nil, nil
		}
		return v.UTC().Truncate(time.Microsecond), nil
	case []byte:
		if v == nil {
			return nil, nil
		}
		return v, nil
	case time.Duration:
		return nil, fmt.Errorf("sqldb: a %T is stored as a number of some unit: say which", arg)
	}
	r := reflect.ValueOf(arg)
	if r.Kind() == reflect.Pointer {
		if r.IsNil() {
			return nil, nil
		}
		return Value(r.Elem().Interface())
	}
	if id, ok := arg.(interface{ Bytes() [16]byte }); ok {
		if b := id.Bytes(); b != [16]byte{} {
			return b, nil
		}
		return nil, nil
	}
	switch r.Kind() {
	case reflect.String:
		return r.String(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if u := r.Uint(); u <= math.MaxInt64 {
			return int64(u), nil
		}
		return nil, fmt.Errorf("sqldb: %d does not fit a BIGINT", r.Uint())
	case reflect.Bool:
		return r.Bool(), nil
	case reflect.Float32, reflect.Float64:
		return r.Float(), nil
	case reflect.Slice:
		if r.Type().Elem().Kind() == reflect.Uint8 {
			return Value(r.Bytes())
		}
	}
	return nil, fmt.Errorf("sqldb: a %T cannot be an argument", arg)
}

// Values brings every argument through Value and then through a driver's own
// translation; for drivers.
func Values(args []any, translate func(any) any) ([]any, error) {
	values := make([]any, len(args))
	for i, arg := range args {
		value, err := Value(arg)
		if err != nil {
			return nil, fmt.Errorf("$%d: %w", i+1, err)
		}
		values[i] = translate(value)
	}
	return values, nil
}

// plain are the types that drivers scan into by themselves.
var plain = map[reflect.Kind]reflect.Type{
	reflect.String: reflect.TypeFor[*string](),
	reflect.Bool:   reflect.TypeFor[*bool](),
	reflect.Int:    reflect.TypeFor[*int](), reflect.Int8: reflect.TypeFor[*int8](), reflect.Int16: reflect.TypeFor[*int16](),
	reflect.Int32: reflect.TypeFor[*int32](), reflect.Int64: reflect.TypeFor[*int64](),
	reflect.Uint: reflect.TypeFor[*uint](), reflect.Uint8: reflect.TypeFor[*uint8](), reflect.Uint16: reflect.TypeFor[*uint16](),
	reflect.Uint32: reflect.TypeFor[*uint32](), reflect.Uint64: reflect.TypeFor[*uint64](),
	reflect.Float32: reflect.TypeFor[*float32](), reflect.Float64: reflect.TypeFor[*float64](),
}

// Plain turns a pointer to a named type into a pointer to what it is made of,
// pointing at the same place, so that no method of the named type gets between
// it and the driver; for drivers.
func Plain(dest any) any {
	switch dest.(type) {
	case *string, *int64, *int, *bool, *float64, *[]byte:
		return dest
	}
	r := reflect.ValueOf(dest)
	if r.Kind() != reflect.Pointer {
		return dest
	}
	elem := r.Type().Elem()
	if to, ok := plain[elem.Kind()]; ok {
		return r.Convert(to).Interface()
	}
	if elem.Kind() == reflect.Slice && elem.Elem().Kind() == reflect.Uint8 {
		return r.Convert(reflect.TypeFor[*[]byte]()).Interface()
	}
	return dest
}
