package accounts_test

import (
	"testing"
	"time"

	"github.com/sajin-sns/sajin/app/accounts"
	rules "github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
)

func TestStepUp(t *testing.T) {
	t.Run("who has just signed in needs none", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		g := w.signIn("hana")
		w.must(w.stepUp.Require(t.Context(), g.Session))
		w.pass(stepUpTTL - time.Microsecond)
		w.must(w.stepUp.Require(t.Context(), g.Session))
		w.pass(time.Microsecond)
		w.is(w.stepUp.Require(t.Context(), g.Session), rules.ErrStepUpRequired)
	})
	t.Run("staying signed in is no proof", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		g := w.signIn("hana")
		w.pass(stepUpTTL)
		w.refresh(g.RefreshToken)
		w.is(w.stepUp.Require(t.Context(), g.Session), rules.ErrStepUpRequired)
	})
	t.Run("the password is, for the session that it is given in", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		here, there := w.signIn("hana"), w.signIn("hana")
		w.pass(stepUpTTL)
		w.is(w.stepUp.Prove(t.Context(), hana, here.Session, "wrong horse"), rules.ErrNotThePassword)
		w.is(w.stepUp.Require(t.Context(), here.Session), rules.ErrStepUpRequired)
		w.must(w.stepUp.Prove(t.Context(), hana, here.Session, passwordOf("hana")))
		w.must(w.stepUp.Require(t.Context(), here.Session))
		w.is(w.stepUp.Require(t.Context(), there.Session), rules.ErrStepUpRequired)
		w.refresh(here.RefreshToken)
		w.must(w.stepUp.Require(t.Context(), here.Session))
	})
	t.Run("so is the change of the password", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		g := w.signIn("hana")
		w.pass(stepUpTTL)
		w.must(w.credentials.ChangePassword(t.Context(), hana, accounts.ChangePassword{Session: g.Session, Current: passwordOf("hana"), New: "another one"}))
		w.must(w.stepUp.Require(t.Context(), g.Session))
	})
	t.Run("not for somebody else's session, nor one that is over", func(t *testing.T) {
		w := newWorld(t)
		hana, bora := w.register("hana"), w.register("bora")
		g := w.signIn("hana")
		w.is(w.stepUp.Prove(t.Context(), bora, g.Session, passwordOf("bora")), rules.ErrSessionEnded)
		w.must(w.sessions.SignOut(t.Context(), hana, g.Session))
		w.is(w.stepUp.Prove(t.Context(), hana, g.Session, passwordOf("hana")), rules.ErrSessionEnded)
		w.is(w.stepUp.Require(t.Context(), g.Session), rules.ErrSessionEnded)
		w.is(w.stepUp.Require(t.Context(), ident.SessionID{}), rules.ErrSessionEnded)
	})
}
