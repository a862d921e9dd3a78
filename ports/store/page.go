// Package store is what the use cases ask of the database: one small interface
// for each aggregate, and the views that are read, which are also what clients
// see.
//
// All methods take part in the transaction that their context carries. Methods
// named Lock read a row so that no other transaction can change it before this
// one ends, and want a transaction. Lists run by keyset: a page is everything
// after a position, and stays the same while new rows arrive before it.
package store

import "time"

// Position is a place in a list that is ordered by a time and an id, newest
// first. The zero Position is the beginning.
type Position struct {
	At time.Time
	ID [16]byte
}

// IsZero tells whether it is the beginning.
func (p Position) IsZero() bool { return p == Position{} }

// Page asks for at most Limit items after a position.
type Page struct {
	After Position
	Limit int
}

// List is a page of items; Next is where the next one begins, zero at the end.
type List[T any] struct {
	Items []T
	Next  Position
}
