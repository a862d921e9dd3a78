package accounts

import "github.com/sajin-sns/sajin/domain/ident"

// Actor is somebody who is signed in.
type Actor struct {
	Account ident.AccountID
	Session ident.SessionID
	Role    string
}
