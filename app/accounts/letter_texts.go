package accounts

import (
	"strings"
	"text/template"
	"time"
)

// wording is what a letter says.
type wording struct {
	subject, text *template.Template
}

// words are what a wording may speak of.
type words struct {
	Site   string        // "sajin"
	URL    string        // "https://photos.example.com"
	Handle string        // whose account it is about
	Link   string        // which may be followed once
	For    time.Duration // how long it works
}

// Until is For as one says it.
func (w words) Until() string {
	if w.For >= 2*time.Hour {
		return strings.TrimSuffix(w.For.Truncate(time.Hour).String(), "h0m0s") + " hours"
	}
	return strings.TrimSuffix(w.For.Truncate(time.Minute).String(), "m0s") + " minutes"
}

// wordings are all the letters: the one place where their texts are.
var wordings = map[letterKind]wording{
	verifyLetter: worded("Confirm your e-mail address for {{.Site}}", `Hello @{{.Handle}},

please confirm that this is your e-mail address by opening this link within {{.Until}}:

{{.Link}}

If you have no account at {{.Site}} ({{.URL}}), somebody has mistyped their address. Do not open the link then; nothing else is to be done.
`),
	resetLetter: worded("Choose a new password for {{.Site}}", `Hello @{{.Handle}},

somebody, you we hope, asked for a new password for your account at {{.Site}}. To choose one, open this link within {{.Until}}:

{{.Link}}

It works once, and signs you out everywhere. If it was not you who asked, leave it alone: your password stays as it is.
`),
	emailChangedLetter: worded("Your e-mail address at {{.Site}} was changed", `Hello @{{.Handle}},

your account at {{.Site}} ({{.URL}}) has another e-mail address now, and this one is not used for it any more.

If it was not you who changed it, somebody else has your account: write to the people who run {{.Site}} at once.
`),
	passwordChangedLetter: worded("Your password at {{.Site}} was changed", `Hello @{{.Handle}},

the password of your account at {{.Site}} was changed, and other devices were signed out.

If it was not you who changed it, choose a new one at once: {{.URL}}/reset-password
`),
}

func worded(subject, text string) wording {
	return wording{template.Must(template.New("subject").Parse(subject)), template.Must(template.New("text").Parse(text))}
}

func (w wording) say(about words) (subject, text string, err error) {
	var s, t strings.Builder
	if err := w.subject.Execute(&s, about); err != nil {
		return "", "", err
	}
	err = w.text.Execute(&t, about)
	return s.String(), t.String(), err
}
