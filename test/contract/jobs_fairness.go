package contract

import (
	"context"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/jobs"
)

func jobFairExample(y *yard) {
	y.must(y.db.Do(y.t.Context(), func(ctx context.Context) error {
		for range 1000 {
			if err := y.Enqueue(ctx, y.job(y.hana)); err != nil {
				return err
			}
		}
		return nil
	}))
	for range 3 {
		y.finish(y.next())
	}
	y.clock.advance(time.Second)
	y.enqueue(y.job(y.bora))
	if first, second := y.next(), y.next(); first.Job.Owner != y.bora && second.Job.Owner != y.bora {
		y.t.Error("bora's only job does not come after at most one of hana's")
	}

	for range 4 {
		y.enqueue(y.job(y.bora))
	}
	turns := map[ident.AccountID]int{}
	for range 8 {
		turns[y.next().Job.Owner]++
	}
	if turns[y.hana] != 4 || turns[y.bora] != 4 {
		y.t.Errorf("of eight turns hana had %d and bora %d", turns[y.hana], turns[y.bora])
	}
}

// jobFairConcurrent has an owner's jobs arrive from many sides at once: they
// must not end up side by side in the queue.
func jobFairConcurrent(y *yard) {
	const sides = 8
	var all sync.WaitGroup
	for range sides {
		queue := y.open()
		all.Go(func() {
			for i := range 12 {
				if err := queue.Enqueue(y.t.Context(), y.job(y.hana)); err != nil {
					y.t.Errorf("enqueue: %v", err)
				}
				if i%4 != 0 {
					continue
				}
				if _, _, err := queue.Claim(y.t.Context(), []string{jobKind}, time.Hour); err != nil {
					y.t.Errorf("claim: %v", err)
				}
			}
		})
	}
	all.Wait()
	y.clock.advance(time.Second)
	for range 40 {
		y.enqueue(y.job(y.bora))
	}
	turns := map[ident.AccountID]int{}
	for range 60 {
		turns[y.next().Job.Owner]++
		if ahead := turns[y.hana] - turns[y.bora]; ahead > 1 || ahead < -1 {
			y.t.Fatalf("hana was handed out %d jobs and bora %d", turns[y.hana], turns[y.bora])
		}
	}
}

// jobFairProperty holds a long random history against the rule: from when an
// owner's first job is due to when it is handed out, nobody else is handed out
// more than one; and while two of them have jobs waiting, neither gets ahead of
// the other by more than two.
func jobFairProperty(y *yard) {
	seed := rand.Uint64()
	y.t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	f := &fairness{yard: y, owners: make([]ident.AccountID, 4), waiting: map[ident.AccountID]int{}}
	for i := range f.owners {
		f.owners[i] = ident.New[ident.AccountID](y.ids)
	}
	for step := range 400 {
		y.clock.advance(time.Duration(random.IntN(1000)) * time.Millisecond)
		f.arrive()
		owner := f.owners[random.IntN(len(f.owners))]
		switch action := random.IntN(12); {
		case action < 1: // a flood
			for range random.IntN(12) {
				f.enqueue(owner, 0)
			}
		case action < 3:
			f.enqueue(owner, 0)
		case action < 4:
			for range random.IntN(5) {
				f.enqueue(owner, time.Duration(random.IntN(5000))*time.Millisecond)
			}
		case action < 5 && len(f.held) > 0:
			l := f.pick(random)
			at := y.clock.now().Add(time.Duration(random.IntN(5000)) * time.Millisecond)
			y.must(y.Retry(y.t.Context(), l, at, "broken"))
			f.later = append(f.later, due{at, l.Job.Owner})
		case action < 6 && len(f.held) > 0:
			l := f.pick(random)
			y.must(y.Release(y.t.Context(), l))
			f.arrived(l.Job.Owner)
		case action < 7 && len(f.held) > 0:
			y.finish(f.pick(random))
		default:
			f.claim(step)
		}
	}
}

// fairness is the model that the queue is held against.
type fairness struct {
	*yard
	owners  []ident.AccountID
	waiting map[ident.AccountID]int // due and not handed out
	later   []due
	held    []jobs.Lease

	first  map[ident.AccountID]map[ident.AccountID]int     // an owner who waits for his first: what others got since
	behind map[[2]ident.AccountID]struct{ one, other int } // what two got since both wait
}

type due struct {
	at    time.Time
	owner ident.AccountID
}

func (f *fairness) enqueue(owner ident.AccountID, in time.Duration) {
	job := f.job(owner)
	job.RunAt = f.clock.now().Add(in)
	f.yard.enqueue(job)
	if in == 0 {
		f.arrived(owner)
	} else {
		f.later = append(f.later, due{job.RunAt, owner})
	}
}

func (f *fairness) pick(random *rand.Rand) jobs.Lease {
	i := random.IntN(len(f.held))
	l := f.held[i]
	f.held = append(f.held[:i], f.held[i+1:]...)
	return l
}

// arrive moves on what has become due.
func (f *fairness) arrive() {
	rest := f.later[:0]
	for _, d := range f.later {
		if d.at.After(f.clock.now()) {
			rest = append(rest, d)
			continue
		}
		f.arrived(d.owner)
	}
	f.later = rest
}

func (f *fairness) arrived(owner ident.AccountID) {
	f.waiting[owner]++
	if f.waiting[owner] == 1 {
		if f.first == nil {
			f.first = map[ident.AccountID]map[ident.AccountID]int{}
			f.behind = map[[2]ident.AccountID]struct{ one, other int }{}
		}
		f.first[owner] = map[ident.AccountID]int{}
	}
}

func (f *fairness) claim(step int) {
	l, ok, err := f.Claim(f.t.Context(), []string{jobKind}, time.Hour)
	f.must(err)
	total := 0
	for _, n := range f.waiting {
		total += n
	}
	if ok != (total > 0) {
		f.t.Fatalf("step %d: %d are due, and handed out: %t", step, total, ok)
	}
	if !ok {
		return
	}
	got := l.Job.Owner
	f.held = append(f.held, l)
	delete(f.first, got)
	for owner, others := range f.first {
		if others[got]++; others[got] > 1 {
			f.t.Fatalf("step %d: %s was handed out %d jobs while %s waits for the first", step, got, others[got], owner)
		}
	}
	for i, one := range f.owners {
		for _, other := range f.owners[i+1:] {
			if f.waiting[one] == 0 || f.waiting[other] == 0 {
				continue
			}
			pair := [2]ident.AccountID{one, other}
			n := f.behind[pair]
			switch got {
			case one:
				n.one++
			case other:
				n.other++
			}
			if n.one-n.other > 2 || n.other-n.one > 2 {
				f.t.Fatalf("step %d: of two who wait one was handed out %d jobs and the other %d", step, n.one, n.other)
			}
			f.behind[pair] = n
		}
	}
	if f.waiting[got]--; f.waiting[got] == 0 {
		maps.DeleteFunc(f.behind, func(pair [2]ident.AccountID, _ struct{ one, other int }) bool {
			return pair[0] == got || pair[1] == got
		})
	}
}
