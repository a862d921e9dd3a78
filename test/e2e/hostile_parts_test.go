package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
)

// parts sends an upload of two and a half parts in every wrong way.
func (l loader) parts() {
	data := bytes.Repeat([]byte("zq7!"), 640)
	u := l.begun(len(data), "")
	path := "/v1/uploads/" + u.ID.String()
	first, last := u.Parts[0], u.Parts[2]
	full := data[:first.Size]

	l.refuse("short", 422, "media.part-size")(l.put(first.URL, full[1:]))
	l.refuse("empty", 422, "media.part-size")(l.put(first.URL, nil))
	l.refuse("long", 413, "media.part-too-large")(l.put(first.URL, append(full[:len(full):len(full)], 1)))
	l.refuse("a whole part in the place of the last", 413, "media.part-too-large")(l.put(last.URL, full))
	link, err := url.Parse(first.URL)
	if err != nil {
		l.t.Fatal(err)
	}
	for fault, test := range map[string]struct{ framing, body, status string }{
		"without a length":      {"Transfer-Encoding: chunked", "400\r\n" + string(full) + "\r\n0\r\n\r\n", "411"},
		"broken off":            {fmt.Sprintf("Content-Length: %d", len(full)), string(full[:100]), "400"},
		"of a length that lies": {fmt.Sprintf("Content-Length: %d", 1<<40), "zq7", "413"},
	} {
		head, body := (&stage{world: l.w}).raw(l.t, "PUT "+link.RequestURI()+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+test.framing+"\r\n\r\n"+test.body)
		if !strings.HasPrefix(head, "HTTP/1.1 "+test.status) || !strings.Contains(head, "application/problem+json") || strings.Contains(body, "zq7") {
			l.t.Errorf("%s: %s %s", fault, head, body)
		}
	}
	for fault, target := range map[string]string{
		"part 0 by the link of part 1":     strings.Replace(first.URL, "/parts/1", "/parts/0", 1),
		"part 2 by the link of part 1":     strings.Replace(first.URL, "/parts/1", "/parts/2", 1),
		"part 99999 by the link of part 1": strings.Replace(first.URL, "/parts/1", "/parts/99999", 1),
		"another upload":                   strings.Replace(first.URL, u.ID.String(), uuid.NewString(), 1),
		"no signature":                     strings.SplitN(first.URL, "?", 2)[0],
		"a longer life":                    strings.Replace(first.URL, "exp=", "exp=9", 1),
		"more in the query":                first.URL + "&a=1",
	} {
		l.refuse(fault, 403, "link.refused")(l.put(target, full))
	}
	for n, status := range map[string]int{"0": 422, "-1": 422, "4": 404, "10000": 404, "10001": 422, "99999": 422} {
		a, got := l.call("POST", path+"/parts/"+n)
		a.fault, a.status = "a link of part "+n, status
		refused(l.t, a, got)
	}
	a, got := l.call("POST", path+"/complete")
	l.refuse("nothing has come", 409, "media.upload-incomplete")(a, got)
	if !strings.Contains(string(got.body), `"missing":[1,2,3]`) {
		l.t.Errorf("%s", got.body)
	}
	l.put(last.URL, data[2*len(full):])
	if _, got := l.call("POST", path+"/complete"); !strings.Contains(string(got.body), `"missing":[1,2]`) {
		l.t.Errorf("%s", got.body)
	}
	if _, got := l.call("DELETE", path); got.status != http.StatusNoContent {
		l.t.Errorf("%d %s", got.status, got.body)
	}
	l.refuse("a part of what was aborted", 410, "media.upload-gone")(l.put(first.URL, full))
	l.refuse("what was aborted completed", 410, "media.upload-gone")(l.call("POST", path+"/complete"))
	l.refuse("a link of what was aborted", 410, "media.upload-gone")(l.call("POST", path+"/parts/1"))
	l.refuse("the medium of what was aborted", 404, "media.not-found")(l.call("GET", "/v1/media/"+u.MediaID.String()))
}

// tooLate goes on with an upload that is complete.
func (l loader) tooLate() {
	data := stamp(5)
	u := l.begun(len(data), "")
	for i, part := range u.Parts {
		if _, got := l.put(part.URL, data[int64(i)*u.PartSize:][:part.Size]); got.status != http.StatusNoContent {
			l.t.Fatalf("%d %s", got.status, got.body)
		}
	}
	path := "/v1/uploads/" + u.ID.String()
	if _, got := l.call("POST", path+"/complete"); got.status != http.StatusAccepted {
		l.t.Fatalf("%d %s", got.status, got.body)
	}
	l.refuse("a part after completion", 409, "media.upload-completed")(l.put(u.Parts[0].URL, bytes.Repeat([]byte("x"), int(u.Parts[0].Size))))
	l.refuse("a link after completion", 409, "media.upload-completed")(l.call("POST", path+"/parts/1"))
	l.refuse("an abort after completion", 409, "media.upload-completed")(l.call("DELETE", path))
	medium, err := l.WaitForMedium(l.t.Context(), u.MediaID)
	if err != nil || len(medium.Renditions) == 0 {
		l.t.Fatalf("%+v, %v", medium, err)
	}
	l.call("DELETE", "/v1/media/"+u.MediaID.String())
}
