package content

import (
	"slices"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
)

// MaxEdits is how many former versions of a post are kept: the first, which is
// what was published, and the newest of the others.
const MaxEdits = 100

// Former is a version of a published post that was replaced by another.
type Former struct {
	Post    ident.PostID
	Version int64
	Fields
	Alts       []string // how its media were described, in their order
	ReplacedAt time.Time
}

// replaced notes the present version of a published post, which is about to be
// replaced.
func (p *Post) replaced(now time.Time) {
	if p.r.State != Published {
		return
	}
	p.former = append(p.former, Former{Post: p.r.ID, Version: p.r.Version, Fields: p.r.Fields, ReplacedAt: now})
	if now.After(p.r.EditedAt) {
		p.r.EditedAt = now
	}
}

// Redescribed notes that one of the media of a published post is described in
// other words now; alt are the former ones.
func (p *Post) Redescribed(medium ident.MediaID, alt string, media []Medium, now time.Time) {
	if p.r.State != Published || !slices.Contains(p.r.Media, medium) {
		return
	}
	p.replaced(now)
	former := slices.Clone(media)
	for i := range former {
		if former[i].ID == medium {
			former[i].Alt = alt
		}
	}
	p.former[len(p.former)-1].describe(former)
	p.r.Version++
}

// Former drains the versions that were replaced since the post was restored.
// media are the post's, as they are described now.
func (p *Post) Former(media []Medium) []Former {
	former := p.former
	p.former = nil
	for i := range former {
		former[i].describe(media)
	}
	return former
}

// describe fills in how the media were described, once.
func (f *Former) describe(media []Medium) {
	if f.Alts != nil {
		return
	}
	f.Alts = make([]string, len(f.Media))
	for i, id := range f.Media {
		if at := slices.IndexFunc(media, func(m Medium) bool { return m.ID == id }); at >= 0 {
			f.Alts[i] = media[at].Alt
		}
	}
}

// History tells whether somebody may read the former versions of the post: its
// author, and moderators, who also see those of a post that was deleted after
// it had been published. For anybody else it fails with ErrNotFound.
func (p *Post) History(v Viewer) error {
	own := !v.Account.IsZero() && v.Account == p.r.Author && p.r.State != Deleted
	if own || v.Moderator && !p.r.PublishedAt.IsZero() {
		return nil
	}
	return ErrNotFound
}
