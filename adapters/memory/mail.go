package memory

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/sajin-sns/sajin/ports/mail"
)

// Mailbox is a mail.Sender that delivers to itself: everybody's mail, for tests
// to read.
type Mailbox struct {
	mu       sync.Mutex
	messages []mail.Message
}

var _ mail.Sender = (*Mailbox)(nil)

// NewMailbox makes an empty one.
func NewMailbox() *Mailbox { return &Mailbox{} }

// Send implements mail.Sender.
func (b *Mailbox) Send(ctx context.Context, m mail.Message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := m.Check(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.ContainsFunc(b.messages, func(held mail.Message) bool { return held.ID == m.ID }) {
		b.messages = append(b.messages, m)
	}
	return nil
}

// All is what was sent, in the order in which it was.
func (b *Mailbox) All() []mail.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.messages)
}

// Last is what was sent last to an address, in whichever case; false if nothing
// was.
func (b *Mailbox) Last(to string) (mail.Message, bool) {
	all := b.All()
	for _, m := range slices.Backward(all) {
		if strings.EqualFold(m.To.Address, to) {
			return m, true
		}
	}
	return mail.Message{}, false
}
