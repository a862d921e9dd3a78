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

// Prefixes are what the keys of all objects begin with. Below each of them they
// are in the order of the ids of their media.
func Prefixes() []string { return []string{originals, renditions} }

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

// MediumOf tells which medium an object is of; false if its key is of none.
func MediumOf(key string) (ident.MediaID, bool) {
	name, original := strings.CutPrefix(key, originals)
	if !original {
		rest, ok := strings.CutPrefix(key, renditions)
		folder, file, nested := strings.Cut(rest, "/")
		if !ok || !nested || file == "" {
			return ident.MediaID{}, false
		}
		name = folder
	}
	id, err := ident.Parse[ident.MediaID](name)
	return id, err == nil && id.String() == name
}

// Deliverable tells whether what is under the key is made to be shown.
func Deliverable(key string) bool { return strings.HasPrefix(key, renditions) }
