package e2e

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// coveted are members that some answer has or some table holds, and that nobody
// may give himself.
var coveted = []string{
	"role", "roles", "admin", "is_admin", "moderator", "state", "status", "balance", "paid", "bonus", "total", "coins", "price_paid", "amount", "currency", "fee",
	"owner", "owner_id", "user_id", "account_id", "author_id", "seller", "verified", "email_verified", "verified_at", "password_hash", "version", "locked", "purchased", "sales",
	"created_at", "published_at", "edited_at", "deleted_at", "expires_at", "stepped_up_at", "key", "etag", "_method", "$set", "constructor", "prototype",
}

// members are the names of all that the document has in answers and requests,
// with a value of the kind that each has.
func (d *document) everyMember() map[string]string {
	all := map[string]string{}
	for _, name := range coveted {
		all[name] = `"admin"`
	}
	var walk func(s *schema, depth int)
	walk = func(s *schema, depth int) {
		if s == nil || depth > 8 {
			return
		}
		walk(s.Items, depth+1)
		for name, member := range s.Properties {
			value := `"2020-01-01T00:00:00Z"`
			switch m := d.resolve(member); {
			case len(m.Enum) > 0:
				value = quote(m.Enum[len(m.Enum)-1].(string))
			case m.Format == "uuid":
				value = `"01890000-0000-7000-8000-000000000000"`
			case m.is("boolean"):
				value = "true"
			case m.is("integer"):
				value = "1000000"
			case m.is("array"):
				value = "[]"
			case m.is("object"):
				value = "{}"
			}
			all[name] = value
			walk(member, depth+1)
		}
	}
	for _, s := range d.Components.Schemas {
		walk(s, 0)
	}
	return all
}

// assign adds to each right request what only the server decides: each member
// that any answer has, by itself and all of them together.
func (s *stage) assign(t *testing.T) {
	everything, sent := s.document.everyMember(), 0
	if len(everything) < 100 {
		t.Fatalf("the document has only these members: %v", slices.Collect(maps.Keys(everything)))
	}
	for _, op := range s.document.operations() {
		sample := s.samples[op.ID]
		if schema := s.document.body(op); schema != nil {
			foreign := maps.Clone(everything)
			for _, name := range coveted {
				if schema.Properties[name] != nil {
					t.Errorf("%s takes %s: is that the client's to say?", op.ID, name)
				}
			}
			maps.DeleteFunc(foreign, func(name, _ string) bool { return schema.Properties[name] != nil })
			whole := string(object(sample.body, "", ""))
			more := strings.TrimSuffix(whole, "}")
			for name, value := range foreign {
				a := op.request(sample)
				a.fault, a.body, a.status = op.ID+" with "+name, object(sample.body, name, value), http.StatusUnprocessableEntity
				refused(t, a, send(t, s.server.URL, a), s.secrets...)
				more += "," + quote(name) + ":" + value
				sent++
			}
			if whole != "{}" {
				a := op.request(sample)
				a.fault, a.body, a.status = op.ID+" with everything", []byte(more+"}"), http.StatusUnprocessableEntity
				refused(t, a, send(t, s.server.URL, a), s.secrets...)
			}
		}
		if op.method == http.MethodGet {
			continue
		}
		for _, name := range []string{"role", "state", "price_coins", "account_id", "_method", "method", "id"} { // where there is no body there is still a query
			a := op.request(sample)
			a.fault, a.status = op.ID+" with ?"+name, http.StatusUnprocessableEntity
			a.target += "?" + url.Values{name: {"admin"}}.Encode()
			refused(t, a, send(t, s.server.URL, a), s.secrets...)
			sent++
		}
	}
	t.Logf("%d requests", sent)
	for _, header := range []string{"X-Http-Method-Override", "X-Method-Override", "X-Http-Method"} {
		a := attempt{fault: header, method: http.MethodGet, target: "/v1/users/account", header: as(s.actor.token(), http.Header{header: {"DELETE"}})}
		if got := send(t, s.server.URL, a); got.status != http.StatusOK {
			t.Errorf("%s: %d %s", header, got.status, got.body)
		}
	}
}
