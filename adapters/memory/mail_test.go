package memory_test

import (
	"testing"

	"github.com/sajin-sns/sajin/adapters/memory"
	"github.com/sajin-sns/sajin/ports/mail"
	"github.com/sajin-sns/sajin/test/contract"
)

func TestMailbox(t *testing.T) {
	contract.Mail(t, func(*testing.T) contract.Mailing {
		box := memory.NewMailbox()
		return contract.Mailing{Sender: box, Arrived: func(*testing.T) []mail.Message { return box.All() }}
	})
}
