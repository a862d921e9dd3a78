package media

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/sajin-sns/sajin/domain/ident"
)

const (
	originals  = "originals/"
	renditions = "renditions/"
)

// OriginalKey is where the file of a medium is kept. No link leads there.
func OriginalKey(id ident.MediaID) string { return originals + id.String() }

// RenditionFolder holds all renditions of a medium.
func RenditionFolder(id ident.MediaID) string { return renditions + id.String() + "/" }

// RenditionKey is where a rendition is kept. The key names the bytes: other
// bytes go to another key, equal ones to the same.
func RenditionKey(id ident.MediaID, name, extension string, data []byte) string {
	digest := sha256.Sum256(data)
	return RenditionFolder(id) + name + "-" + hex.EncodeToString(digest[:8]) + "." + extension
}

// Deliverable tells whether what is under the key is made to be shown.
func Deliverable(key string) bool { return strings.HasPrefix(key, renditions) }
