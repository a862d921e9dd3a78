package main

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/ports/failpoint"
	"github.com/sajin-sns/sajin/test/pgtest"
)

func TestPlan(t *testing.T) {
	steps := func(seed uint64, s *stage, kills int) []step { return plan(rand.New(rand.NewPCG(seed, 0)), s, kills) }
	everything := &stage{pg: &pgtest.Server{}, small: true}
	t.Run("a seed always has the same faults in the same order, and another one others", func(t *testing.T) {
		same := cmp.AllowUnexported(step{})
		if diff := cmp.Diff(steps(7, everything, 200), steps(7, everything, 200), same); diff != "" {
			t.Error(diff)
		}
		if cmp.Equal(steps(7, everything, 200), steps(8, everything, 200), same) {
			t.Error("the seed changes nothing")
		}
	})
	t.Run("a long run has every fault, and comes to every failpoint", func(t *testing.T) {
		for name, s := range map[string]*stage{"postgres": everything, "sqlite": {small: true}} {
			there := map[string]int{}
			all := steps(7, s, 200)
			for _, st := range all {
				there[st.kind]++
				if st.kind == killAtPoint {
					there[st.point]++
				}
			}
			want := append([]string{killAnywhere, killAtPoint, fullDisk}, failpoint.Points...)
			if s.pg != nil {
				want = append(want, restartDB, dropConns, halfOpen, pauseProcess)
			}
			for _, fault := range want {
				if there[fault] == 0 {
					t.Errorf("%s: never %s", name, fault)
				}
			}
			if len(all) != 200 {
				t.Errorf("%s: %d steps", name, len(all))
			}
		}
	})
}
