package argon_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/sajin-sns/sajin/adapters/argon"
)

// cheap is for tests that do not measure.
var cheap = argon.Options{Memory: 64, Iterations: 1, Concurrent: 2}

func hash(t *testing.T, h *argon.Hasher, password string) string {
	t.Helper()
	hash, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func verify(t *testing.T, h *argon.Hasher, password, hash string) (ok, stale bool) {
	t.Helper()
	ok, stale, err := h.Verify(t.Context(), password, hash)
	if err != nil {
		t.Fatal(err)
	}
	return ok, stale
}

func TestHasher(t *testing.T) {
	h := argon.New(cheap)
	t.Run("a password is known again, another one is not", func(t *testing.T) {
		made := hash(t, h, "correct horse")
		if ok, stale := verify(t, h, "correct horse", made); !ok || stale {
			t.Error(ok, stale)
		}
		for _, other := range []string{"", "correct horsf", "correct horse ", "Correct horse"} {
			if ok, stale := verify(t, h, other, made); ok || stale {
				t.Errorf("%q: %t %t", other, ok, stale)
			}
		}
	})
	t.Run("a hash shows neither the password nor that two are equal", func(t *testing.T) {
		first, second := hash(t, h, "correct horse"), hash(t, h, "correct horse")
		if first == second || strings.Contains(first, "horse") {
			t.Error(first, second)
		}
	})
	t.Run("the defaults are 19 MiB, two passes, one lane", func(t *testing.T) {
		if made := hash(t, argon.New(argon.Options{}), "correct horse"); !strings.HasPrefix(made, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Error(made)
		}
	})
	t.Run("letters are the same however a keyboard sends them", func(t *testing.T) {
		composed, parts := "비밀번호 é", "\u1107\u1175\u1106\u1175\u11af\u1107\u1165\u11ab\u1112\u1169 e\u0301"
		if composed == parts {
			t.Fatal("they are the same bytes")
		}
		if ok, _ := verify(t, h, parts, hash(t, h, composed)); !ok {
			t.Error("not known again")
		}
	})
	t.Run("a hash made with other parameters is good, and stale", func(t *testing.T) {
		made := hash(t, h, "correct horse")
		for _, o := range []argon.Options{{Memory: 128, Iterations: 1}, {Memory: 64, Iterations: 2}, {Memory: 64, Iterations: 1, Parallelism: 2}} {
			if ok, stale := verify(t, argon.New(o), "correct horse", made); !ok || !stale {
				t.Errorf("%+v: %t %t", o, ok, stale)
			}
			if ok, stale := verify(t, argon.New(o), "wrong horse", made); ok || stale {
				t.Errorf("%+v: %t %t", o, ok, stale)
			}
		}
	})
	t.Run("the empty hash is no password's", func(t *testing.T) {
		for _, password := range []string{"", "correct horse", strings.Repeat("\x00", 32)} {
			if ok, _ := verify(t, h, password, ""); ok {
				t.Errorf("%q", password)
			}
		}
	})
	t.Run("the empty hash costs what any other does", func(t *testing.T) {
		h := argon.New(argon.Options{Concurrent: 1})
		made := hash(t, h, "correct horse")
		cost := func(hash string) uint64 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			verify(t, h, "wrong horse", hash)
			runtime.ReadMemStats(&after)
			return after.TotalAlloc - before.TotalAlloc
		}
		// Memory is what an Argon2 hash costs, and unlike time it does not depend
		// on what else the machine does.
		if none, real := cost(""), cost(made); none < real*9/10 || none > real*11/10 || real < 19<<20 {
			t.Errorf("%d bytes for nobody, %d for somebody", none, real)
		}
	})
	t.Run("what is no hash is an error that does not hold the password", func(t *testing.T) {
		for _, bad := range []string{"x", "$2b$10$abc", "$argon2id$v=19$m=64,t=1,p=1$??$??"} {
			_, _, err := h.Verify(t.Context(), "correct horse", bad)
			if err == nil || strings.Contains(err.Error(), "horse") {
				t.Errorf("%q: %v", bad, err)
			}
		}
	})
}
