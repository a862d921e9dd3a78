package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// cursors sends to every list the cursors that are not its own.
func (s *stage) cursors(t *testing.T) {
	own := map[string]string{}
	lists := map[string]*operation{}
	for _, op := range s.document.operations() {
		if slices.ContainsFunc(op.in("query"), func(p parameter) bool { return p.Name == "cursor" }) {
			lists[op.ID] = op
			if cursor := s.cursor(t, op); cursor != "" {
				own[op.ID] = cursor
			}
		}
	}
	if len(own) < 6 {
		t.Fatalf("only %v have two pages: give the stage more to list", slices.Collect(maps.Keys(own)))
	}
	for id, op := range lists {
		wrong := map[string]string{"no base64": "!!!!", "nothing but base64": "AAAA", "no cursor": strings.Repeat("A", 54), "a token": s.samples["list-inbox"].who.Tokens().Access[:150]}
		for other, cursor := range own {
			if other != id {
				wrong["the cursor of "+other] = cursor
			}
		}
		if cursor := own[id]; cursor != "" {
			wrong["cut off"], wrong["cut in half"], wrong["longer"], wrong["padded"] = cursor[:len(cursor)-1], cursor[:len(cursor)/2], cursor+"A", cursor+"="
			wrong["of another case"], wrong["twice"] = strings.ToLower(cursor), cursor+cursor
			for i := range cursor {
				if i%5 == 0 || i > len(cursor)-4 {
					wrong["changed at "+string(rune('A'+i))] = cursor[:i] + string(cursor[i]^1) + cursor[i+1:]
				}
			}
		}
		for fault, cursor := range wrong {
			a := op.request(s.samples[id])
			a.fault, a.target, a.status = "a cursor that is "+fault, s.paged(op, "cursor", cursor), http.StatusBadRequest
			refused(t, a, send(t, s.server.URL, a), s.secrets...)
		}
	}
}

func (s *stage) paged(op *operation, name, value string) string {
	query := url.Values{}
	for name, value := range s.samples[op.ID].query {
		query.Set(name, value)
	}
	query.Set(name, value)
	return op.target(s.samples[op.ID].path, query.Encode())
}

// cursor is where the second page of a list begins.
func (s *stage) cursor(t *testing.T, op *operation) string {
	t.Helper()
	a := op.request(s.samples[op.ID])
	a.target = s.paged(op, "limit", "1")
	got := send(t, s.server.URL, a)
	var page struct {
		Next string `json:"next_cursor"`
	}
	if err := json.Unmarshal(got.body, &page); err != nil || got.status != http.StatusOK {
		t.Fatalf("%s: %d %s", op.ID, got.status, got.body)
	}
	return page.Next
}
