package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/config"
)

// matrix says what each operation answers to everybody, when it is about
// something of the creator's:
//
//	ok      it is done
//	whole   the post is there, and open
//	locked  the post is there, and closed
//	shown   it is there (what is no post)
//	absent  a list, without it
//	none    404, to the letter as if it did not exist
//	401 ... this status, with a problem
//
// about "-" is nothing of anybody's, "own" is what is the caller's own, and
// "other" a member who is none of these. The creator is asked last.
const matrix = `
operation                  about      anonymous stranger subscriber buyer  former moderator admin  creator

health                     -          ok        ok       ok         ok     ok     ok        ok     ok
readiness                  -          ok        ok       ok         ok     ok     ok        ok     ok
service                    -          ok        ok       ok         ok     ok     ok        ok     ok
jwks                       -          ok        ok       ok         ok     ok     ok        ok     ok
list-coin-packs            -          ok        ok       ok         ok     ok     ok        ok     ok
receive-webhook            -          ok        ok       ok         ok     ok     ok        ok     ok
get-trial-balance          -          401       403      403        403    403    403       ok     403

register                   -          ok        ok       ok         ok     ok     ok        ok     ok
sign-in                    own        401       ok       ok         ok     ok     ok        ok     ok
refresh-session            own        401       ok       ok         ok     ok     ok        ok     ok
start-sign-in              -          ok        ok       ok         ok     ok     ok        ok     ok
sign-in-with-code          -          401       401      401        401    401    401       401    401
request-password-reset     own        ok        ok       ok         ok     ok     ok        ok     ok
reset-password             own        404       ok       ok         ok     ok     ok        ok     ok
verify-email               own        404       ok       ok         ok     ok     ok        ok     ok
request-email-verification own        401       ok       ok         ok     ok     ok        ok     ok
change-email               own        401       ok       ok         ok     ok     ok        ok     ok
change-password            own        401       ok       ok         ok     ok     ok        ok     ok
step-up                    own        401       ok       ok         ok     ok     ok        ok     ok
step-up-with-identity      own        401       ok       ok         ok     ok     ok        ok     ok
link-identity              own        401       ok       ok         ok     ok     ok        ok     ok
sign-out                   own        401       ok       ok         ok     ok     ok        ok     ok
delete-account             own        401       ok       ok         ok     ok     ok        ok     ok
get-account                own        401       ok       ok         ok     ok     ok        ok     ok
edit-account               own        401       ok       ok         ok     ok     ok        ok     ok
replace-account            own        401       ok       ok         ok     ok     ok        ok     ok
list-sessions              session    401       absent   absent     absent absent absent    absent shown
end-session                session    401       none     none       none   none   none      none   ok
list-identities            identity   401       absent   absent     absent absent absent    absent shown
unlink-identity            identity   401       none     none       none   none   none      none   ok

get-profile                creator    ok        ok       ok         ok     ok     ok        ok     ok
search-profiles            creator    ok        ok       ok         ok     ok     ok        ok     ok
list-subscribers           creator    ok        ok       ok         ok     ok     ok        ok     ok
list-subscriptions         creator    ok        ok       ok         ok     ok     ok        ok     ok
subscribe                  other      401       ok       ok         ok     ok     ok        ok     ok
subscribe                  own        401       409      409        409    409    409       409    409
unsubscribe                other      401       ok       ok         ok     ok     ok        ok     ok
remove-subscriber          other      401       ok       ok         ok     ok     ok        ok     ok

upload-limits              own        401       ok       ok         ok     ok     ok        ok     ok
create-upload              own        401       ok       ok         ok     ok     ok        ok     ok
get-upload                 upload     401       none     none       none   none   none      none   shown
sign-upload-part           upload     401       none     none       none   none   none      none   ok
complete-upload            sent       401       none     none       none   none   none      none   ok
abort-upload               upload     401       none     none       none   none   none      none   ok
get-medium                 medium     401       none     none       none   none   none      none   shown
edit-medium                medium     401       none     none       none   none   none      none   ok
retry-medium               medium     401       none     none       none   none   none      none   409
delete-medium              medium     401       none     none       none   none   none      none   ok

create-post                own        401       ok       ok         ok     ok     ok        ok     ok
create-post                medium     401       404      404        404    404    404       404    ok
get-post                   free       whole     whole    whole      whole  whole  whole     whole  whole
get-post                   paid       locked    locked   locked     whole  locked whole     whole  whole
get-post                   closed     locked    locked   whole      locked locked whole     whole  whole
get-post                   draft      none      none     none       none   none   none      none   whole
get-post                   scheduled  none      none     none       none   none   none      none   whole
get-post                   deleted    none      none     none       none   none   none      none   none
edit-post                  paid       401       none     none       none   none   none      none   whole
edit-post                  draft      401       none     none       none   none   none      none   whole
edit-post                  scheduled  401       none     none       none   none   none      none   whole
delete-post                spare      401       none     none       none   none   none      none   ok
delete-post                draft      401       none     none       none   none   none      none   ok
list-post-edits            edits      401       none     none       none   none   shown     shown  shown
list-post-edits            draft      401       none     none       none   none   none      none   ok
list-posts                 paid       locked    locked   locked     whole  locked whole     whole  whole
list-posts                 closed     locked    locked   whole      locked locked whole     whole  whole
list-posts                 draft      absent    absent   absent     absent absent absent    absent absent
list-posts                 scheduled  absent    absent   absent     absent absent absent    absent absent
list-user-posts            paid       locked    locked   locked     whole  locked whole     whole  whole
list-user-posts            closed     locked    locked   whole      locked locked whole     whole  whole
list-user-posts            draft      absent    absent   absent     absent absent absent    absent absent
list-user-posts            scheduled  absent    absent   absent     absent absent absent    absent absent
list-own-posts             paid       401       absent   absent     absent absent absent    absent whole
list-own-posts             draft      401       absent   absent     absent absent absent    absent whole
list-own-posts             scheduled  401       absent   absent     absent absent absent    absent whole
list-inbox                 paid       401       absent   locked     absent absent absent    absent absent
list-inbox                 closed     401       absent   whole      absent absent absent    absent absent
list-inbox                 draft      401       absent   absent     absent absent absent    absent absent
list-library               paid       401       absent   absent     whole  absent absent    absent absent
list-library               closed     401       absent   absent     absent absent absent    absent absent

purchase-post              paid       401       402      402        409    402    402       402    409
purchase-post              cheap      401       ok       ok         ok     ok     ok        ok     409
purchase-post              members    401       403      ok         403    403    403       403    409
purchase-post              free       401       409      409        409    409    409       409    409
purchase-post              draft      401       none     none       none   none   none      none   none
get-receipt                receipt    401       none     none       none   none   none      none   shown
get-wallet                 own        401       ok       ok         ok     ok     ok        ok     ok
list-wallet-entries        own        401       ok       ok         ok     ok     ok        ok     ok
get-earnings               own        401       ok       ok         ok     ok     ok        ok     ok
start-top-up               own        401       ok       ok         ok     ok     ok        ok     ok
list-top-ups               top-up     401       absent   absent     absent absent absent    absent shown
get-top-up                 top-up     401       none     none       none   none   none      none   shown
confirm-top-up             top-up     401       none     none       none   none   none      none   shown
pay-in-sandbox             own        404       ok       ok         ok     ok     ok        ok     ok
`

// cells are the outcomes of one line of the matrix, by who asks.
type cells struct {
	operation, about string
	of               map[string]string
}

func readMatrix(t *testing.T) (actors []string, lines []cells) {
	t.Helper()
	for line := range strings.Lines(matrix) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case actors == nil:
			actors = words[2:]
		case len(words) != len(actors)+2:
			t.Fatalf("the matrix has a line of %d words: %s", len(words), line)
		default:
			row := cells{words[0], words[1], map[string]string{}}
			for i, actor := range actors {
				row.of[actor] = words[2+i]
			}
			lines = append(lines, row)
		}
	}
	return actors, lines
}

// TestAccessMatrix asks for every operation as everybody. Whatever comes back,
// it holds nothing that who asked may not know.
func TestAccessMatrix(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		s := openStudio(t, c)
		actors, lines := readMatrix(t)
		t.Run("it is of the operations that there are", func(t *testing.T) {
			there, named := map[string]bool{}, map[string]bool{}
			for _, op := range s.document.operations() {
				there[op.ID] = true
			}
			for _, line := range lines {
				named[line.operation] = true
			}
			for op := range there {
				if !named[op] {
					t.Errorf("there is a new operation, %s: say in the matrix who may do it", op)
				}
			}
			for op := range named {
				if !there[op] {
					t.Errorf("the matrix has a line of %s, which is no operation", op)
				}
			}
		})
		for _, line := range lines {
			t.Run(line.operation+" "+line.about, func(t *testing.T) { s.asked(t, actors, line) })
		}
		t.Run("and all that they tried has changed nobody's rights", func(t *testing.T) {
			for _, line := range lines {
				if line.operation == "get-post" {
					s.asked(t, actors, line)
				}
			}
		})
		(&stage{world: s.world}).calm(t)
	})
}

// asked fills in one line, and holds it to what the matrix says.
func (s *studio) asked(t *testing.T, actors []string, line cells) {
	s.in(t)
	i := slices.IndexFunc(s.document.operations(), func(op *operation) bool { return op.ID == line.operation })
	if i < 0 {
		t.Fatal("there is no such operation")
	}
	op := s.document.operations()[i]
	about := s.about(line.about)
	for _, actor := range actors {
		request := s.request(op, actor, about)
		a, want := op.request(request), line.of[actor]
		a.fault = fmt.Sprintf("%s, asked for %s", actor, line.about)
		got := send(t, s.server.URL, a)
		switch want {
		case "ok", "whole", "locked", "shown", "absent":
			if got.status < 200 || got.status >= 400 {
				t.Errorf("%s: %s %s: want %s, got %d %s", a.fault, a.method, a.target, want, got.status, got.body)
				continue
			}
			s.view(t, a, got, want, about)
		case "none":
			a.status = http.StatusNotFound
			refused(t, a, got)
			nothing := maps.Clone(request.path)
			nothing["id"] = uuid.NewString()
			request.path = nothing
			other := op.request(request)
			other.header.Set("Idempotency-Key", a.header.Get("Idempotency-Key"))
			if answer := send(t, s.server.URL, other); untraced(answer) != untraced(got) {
				t.Errorf("%s: what is not his answers %s, what is not there %s", a.fault, untraced(got), untraced(answer))
			}
		default:
			if _, err := fmt.Sscan(want, &a.status); err != nil {
				t.Fatalf("the matrix says %q", want)
			}
			refused(t, a, got)
		}
		s.tellsNothing(t, a, got, actor)
	}
}

// view holds an answer to showing what a line is about as the matrix has it.
func (s *studio) view(t *testing.T, a attempt, got answer, want string, about thing) {
	t.Helper()
	text := string(got.body)
	switch want {
	case "absent":
		if strings.Contains(text, about.mark) {
			t.Errorf("%s: it is there: %s", a.fault, text)
		}
	case "shown":
		if !strings.Contains(text, about.mark) {
			t.Errorf("%s: it is not there: %s", a.fault, text)
		}
	case "whole", "locked":
		found := posts(t, got.body, about.mark)
		if len(found) == 0 {
			t.Errorf("%s: the post is not there: %s", a.fault, text)
		}
		for _, post := range found {
			names := renditionsOf(post)
			open := slices.ContainsFunc(names, func(name string) bool { return name != "preview" })
			if locked := want == "locked"; post["locked"] != locked || open == locked || len(names) == 0 || (post["caption"] == about.secret) == locked {
				t.Errorf("%s: want %s, got %v", a.fault, want, post)
			}
		}
	}
}

// tellsNothing looks through an answer for what who asked may not know.
func (s *studio) tellsNothing(t *testing.T, a attempt, got answer, actor string) {
	t.Helper()
	text := fmt.Sprint(got.header, string(got.body))
	for _, secret := range s.secrets {
		if !slices.Contains(secret.known, actor) && (strings.Contains(text, secret.text) || strings.Contains(text, strings.ReplaceAll(secret.text, "/", `\/`))) {
			t.Errorf("%s: %s %s tells %s (%s): %s", a.fault, a.method, a.target, secret.what, secret.text, text)
		}
	}
	if actor == "creator" {
		return
	}
	for _, post := range posts(t, got.body, "") {
		author, _ := post["author"].(map[string]any)
		counts, _ := post["counts"].(map[string]any)
		if _, told := counts["sales"]; told && author["handle"] == s.actors["creator"].account.Handle {
			t.Errorf("%s: %s %s tells how often the post was sold: %v", a.fault, a.method, a.target, counts)
		}
	}
}
