package sqldb

import "errors"

// What a database refuses, found by its codes and never by its text. The
// driver's own error stays in the chain.
var (
	ErrNoRows     = errors.New("no rows")
	ErrUnique     = errors.New("a unique key is taken")
	ErrForeignKey = errors.New("a foreign key points at nothing, or is still pointed at")
	ErrCheck      = errors.New("a CHECK or NOT NULL rule is broken")

	// ErrConflict is a serialization failure, a deadlock or a busy database: the
	// same transaction may work when it is run again, which Do does.
	ErrConflict = errors.New("lost against another transaction")
)

// Classify puts one of the errors above over a driver's error; for drivers.
func Classify(kind, driver error) error { return &classified{kind, driver} }

type classified struct{ kind, driver error }

func (e *classified) Error() string   { return e.kind.Error() + ": " + e.driver.Error() }
func (e *classified) Unwrap() []error { return []error{e.kind, e.driver} }
