// Package mail is how messages reach people by e-mail: what a message is, and
// what whoever takes it from here promises. What is said in one is for those who
// write it, and when to try again for those who send it.
package mail

import (
	"context"
	"time"
)

// Address is where somebody gets mail.
type Address struct {
	Name    string // "하나"; may be empty
	Address string // "hana@example.com"
}

// Message is one message to one person. Whom it is from is for the Sender to say.
type Message struct {
	// ID is the Message-ID without its brackets, "...@photos.example.com". It is
	// the same however often the message is sent: that is how a repetition is
	// told from another message.
	ID      string
	To      Address
	Subject string // one line
	Text    string
	HTML    string    // the same as Text, for those who like it; may be empty
	At      time.Time // of writing
}

// Sender takes messages from here to the people whom they are for. It is safe
// for concurrent use.
type Sender interface {
	// Send hands a message over. Once it has answered nil, it is somebody else's
	// to deliver and outlives this process.
	//
	// It fails with *Refused if the message will never be taken, however often
	// it is sent: because Check finds fault with it, or because there is nobody
	// at the address. After any other error it may be taken later, and it may
	// have been taken already: sent again, it is the same message, by its ID,
	// and whoever keeps messages keeps it once.
	//
	// It answers soon after ctx has ended, and never waits for longer than its
	// own timeout. No error holds the text of the message.
	Send(ctx context.Context, m Message) error
}

// Refused is the error of a message that is not worth sending again.
type Refused struct{ Err error }

func (r *Refused) Error() string { return "mail refused: " + r.Err.Error() }
func (r *Refused) Unwrap() error { return r.Err }
