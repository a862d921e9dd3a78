package pgtest_test

import (
	"testing"
	"time"

	"github.com/sajin-sns/sajin/test/pgtest"
)

func TestX(t *testing.T) {
	s := time.Now()
	pgtest.URL(t)
	t.Log("first", time.Since(s))
	for range 5 {
		s = time.Now()
		t.Run("x", func(t *testing.T) { pgtest.Open(t); t.Log("open", time.Since(s)) })
		t.Log("open+drop", time.Since(s))
	}
}
