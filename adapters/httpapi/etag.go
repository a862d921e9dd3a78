package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"
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
	IfMatch string `header:"If-Match" doc:"ETag of the copy that the change was made on; 412 if it is out of date"`
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
// compares, and a digest of the body, which If-None-Match does.
func etag(version int64, body any) (string, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(encoded)
	return `"` + strconv.FormatInt(version, 10) + "-" + hex.EncodeToString(digest[:8]) + `"`, nil
}

// fresh makes the ETag of an answer, or fails with 304 if the client has it.
func (c Conditional) fresh(version int64, body any) (Tagged, error) {
	tag, err := etag(version, body)
	if err != nil {
		return Tagged{}, err
	}
	for held := range strings.SplitSeq(c.IfNoneMatch, ",") {
		if held = strings.TrimPrefix(strings.TrimSpace(held), "W/"); held == tag || held == "*" {
			return Tagged{}, &notModified{tag}
		}
	}
	return Tagged{tag}, nil
}

// oneTag is an ETag as etag writes it; of a list, none could be told from others.
var oneTag = regexp.MustCompile(`^"?([0-9]+)-[0-9a-z]+"?$`)

var errIfMatch = fault.New(fault.BadRequest, "request.if-match", "If-Match must be one ETag of this resource, or *")

// version is the version that the change was made on, 0 when that does not matter.
func (g Guarded) version() (int64, error) {
	if g.IfMatch == "" || g.IfMatch == "*" {
		return 0, nil
	}
	tag := oneTag.FindStringSubmatch(g.IfMatch)
	if tag == nil {
		return 0, errIfMatch
	}
	version, err := strconv.ParseInt(tag[1], 10, 64)
	if err != nil || version < 1 {
		return 0, errIfMatch
	}
	return version, nil
}
