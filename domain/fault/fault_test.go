package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/sajin-sns/sajin/domain/fault"
)

var errEmpty = fault.New(fault.Conflict, "test.empty", "there is nothing left")

func TestFault(t *testing.T) {
	t.Run("one that was given a cause or a detail is still the same", func(t *testing.T) {
		cause := errors.New("disk on fire")
		err := fmt.Errorf("buy: %w", errEmpty.Because(cause).With("left", 0))
		if !errors.Is(err, errEmpty) || !errors.Is(err, cause) || fault.KindOf(err) != fault.Conflict {
			t.Error(err)
		}
	})
	t.Run("giving it a detail leaves the original alone", func(t *testing.T) {
		with := errEmpty.With("a", 1)
		if more := with.With("b", 2); len(errEmpty.Details) != 0 || len(with.Details) != 1 || len(more.Details) != 2 {
			t.Errorf("%v, %v", errEmpty.Details, with.Details)
		}
	})
	t.Run("an error that is no fault is nobody's but ours", func(t *testing.T) {
		if kind := fault.KindOf(errors.New("x")); kind != fault.Internal {
			t.Error(kind)
		}
	})
}

func TestJoin(t *testing.T) {
	name, age := fault.Invalidf("test.name", "name", "is missing"), fault.Invalidf("test.age", "age", "is negative")
	t.Run("all bad fields are named at once, and the originals stay as they were", func(t *testing.T) {
		joined, ok := errors.AsType[*fault.Error](fault.Join(nil, name, age))
		if !ok || len(joined.Fields) != 2 || joined.Fields[1].Path != "age" || len(name.Fields) != 1 {
			t.Errorf("%+v", joined)
		}
	})
	t.Run("none is none", func(t *testing.T) {
		if err := fault.Join(nil, nil); err != nil {
			t.Error(err)
		}
	})
	t.Run("what is no bad field wins", func(t *testing.T) {
		if err := fault.Join(name, errEmpty, age); !errors.Is(err, errEmpty) {
			t.Error(err)
		}
	})
}
