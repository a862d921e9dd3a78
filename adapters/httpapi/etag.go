package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sajin-sns/sajin/domain/fault"
)

// Conditional is embedded by the inputs that read one resource.
type Conditional struct {
	IfNoneMatch string `header:"If-None-Match" doc:"ETag of the copy that you hold"`
}

// Guarded is embedded by the inputs that change one resource.
type Guarded struct {
	IfMatch string `header:"If-Match" doc:"ETag of the copy that the change was made on, or a list of ETags; 412 if it is out of date"`
}

// Tagged is embedded by the outputs of single resources.
type Tagged struct {
	ETag string `header:"ETag"`
}

// notModified answers 304.
type notModified struct{ etag string }

func (*notModified) Error() string             { return "not modified" }
func (*notModified) GetStatus() int            { return http.StatusNotModified }
func (e *notModified) GetHeaders() http.Header { return http.Header{"Etag": {e.etag}} }

var _ huma.HeadersError = (*notModified)(nil)

// etag names a representation: the version of the resource, which If-Match
// compares, and a digest of the body, which If-None-Match does. Who may not
// change the resource is not told its version, which is 0 then: it would tell
// how often the resource was changed where he could not see it.
func etag(version int64, body any) (string, error) {
	text, err := encoded(body)
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(text)
	tag := hex.EncodeToString(digest[:8])
	if version > 0 {
		tag = strconv.FormatInt(version, 10) + "-" + tag
	}
	return `"` + tag + `"`, nil
}

// fresh makes the ETag of an answer, or fails with 304 if the client has it.
func (c Conditional) fresh(version int64, body any) (Tagged, error) {
	tag, err := etag(version, body)
	if err != nil {
		return Tagged{}, err
	}
	held, _ := entityTags(c.IfNoneMatch)
	if strings.TrimSpace(c.IfNoneMatch) == "*" || slices.ContainsFunc(held, func(t entityTag) bool { return t.text == tag }) {
		return Tagged{}, &notModified{tag}
	}
	return Tagged{tag}, nil
}

var errIfMatch = fault.New(fault.BadRequest, "request.if-match", "If-Match must be an ETag, a list of them, or *")

// versions are those that the change may be made on; nil if that does not
// matter. An ETag that this resource cannot have, or a weak one, stands for
// none (RFC 9110, 13.1.1). Its digest does not count: what others do to the
// resource, and links that were signed anew, are no reason to refuse a change.
func (g Guarded) versions() ([]int64, error) {
	if held := strings.TrimSpace(g.IfMatch); held == "" || held == "*" {
		return nil, nil
	}
	tags, ok := entityTags(g.IfMatch)
	if !ok {
		return nil, errIfMatch
	}
	versions := []int64{}
	for _, tag := range tags {
		number := versioned.FindStringSubmatch(tag.text)
		if number == nil || tag.weak {
			continue
		}
		if version, err := strconv.ParseInt(number[1], 10, 64); err == nil {
			versions = append(versions, version)
		}
	}
	return versions, nil
}

// versioned is an ETag as etag writes it for who may change the resource.
var versioned = regexp.MustCompile(`^"([1-9][0-9]*)-[0-9a-f]{16}"$`)

// entityTag is an ETag in a list of them; its text is quoted.
type entityTag struct {
	weak bool
	text string
}

var oneTag = regexp.MustCompile(`^(W/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(,|$)`)

// entityTags reads a list of ETags (RFC 9110, 8.8.3), in which commas may stand
// for nothing. ok is false if it is none.
func entityTags(list string) (tags []entityTag, ok bool) {
	for {
		list = strings.TrimLeft(list, " \t,")
		if list == "" {
			return tags, true
		}
		tag := oneTag.FindStringSubmatch(list)
		if tag == nil {
			return nil, false
		}
		tags = append(tags, entityTag{tag[1] != "", tag[2]})
		list = list[len(tag[0]):]
	}
}
