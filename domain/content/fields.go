package content

import (
	"regexp"
	"slices"
	"strings"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/text"
)

// check returns the fields in the form that they are kept in, or every fault
// that they have.
func (f Fields) check(categories []string) (Fields, error) {
	caption, captionErr := text.Block("caption", f.Caption, MaxCaption)
	tags, tagsErr := checkTags(f.Tags)
	f.Caption, f.Tags = caption, tags
	if f.CaptionLocked == "" {
		f.CaptionLocked = CaptionShown
	}
	if f.Terms.Visibility == "" {
		f.Terms.Visibility = Public
	}
	err := fault.Join(captionErr, tagsErr, f.checkChoices(categories), f.checkTerms(), checkMedia(f.Media))
	return f, err
}

// equal tells whether nothing differs, not even the order of tags.
func (f Fields) equal(g Fields) bool {
	return f.Caption == g.Caption && f.CaptionLocked == g.CaptionLocked && slices.Equal(f.Tags, g.Tags) && f.Category == g.Category &&
		f.Terms == g.Terms && slices.Equal(f.Media, g.Media)
}

func (f Fields) checkChoices(categories []string) error {
	var errs []error
	if f.CaptionLocked != CaptionShown && f.CaptionLocked != CaptionHidden {
		errs = append(errs, fault.Invalidf("content.caption-locked", "caption_locked", "must be shown or hidden"))
	}
	if f.Category != "" && !slices.Contains(categories, f.Category) {
		errs = append(errs, fault.Invalidf("content.category", "category", "must be one of %s", strings.Join(categories, ", ")))
	}
	return fault.Join(errs...)
}

func (f Fields) checkTerms() error {
	var errs []error
	if f.Terms.Visibility != Public && f.Terms.Visibility != Subscribers {
		errs = append(errs, fault.Invalidf("content.visibility", "visibility", "must be public or subscribers"))
	}
	if f.Terms.Price < 0 || f.Terms.Price > money.MaxPrice {
		errs = append(errs, fault.Invalidf("content.price", "price_coins", "must lie in 0..%d", money.MaxPrice))
	}
	if f.Terms.Price > 0 && len(f.Media) == 0 {
		errs = append(errs, fault.Invalidf("content.no-media", "media_ids", "a priced post needs at least one medium"))
	}
	return fault.Join(errs...)
}

func checkMedia(media []ident.MediaID) error {
	if len(media) > MaxMedia {
		return fault.Invalidf("content.media", "media_ids", "may have at most %d entries", MaxMedia)
	}
	for i, id := range media {
		if slices.Contains(media[:i], id) {
			return fault.Invalidf("content.media", "media_ids", "must not name a medium twice")
		}
	}
	return nil
}

// tagForm is letters, digits and underscores of any script, as people hash them.
var tagForm = regexp.MustCompile(`^[\p{L}\p{M}\p{N}_]{1,50}$`)

// Tag brings a tag into the form that it is kept and looked up in: without the
// hash sign, in lower case.
func Tag(tag string) (string, error) {
	tag = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(tag), "#"))
	if !tagForm.MatchString(tag) {
		return "", fault.Invalidf("content.tag", "tags", "a tag is 1 to 50 letters, digits or underscores")
	}
	return tag, nil
}

// checkTags keeps the first of equal tags.
func checkTags(tags []string) ([]string, error) {
	kept := make([]string, 0, len(tags))
	for _, tag := range tags {
		tag, err := Tag(tag)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(kept, tag) {
			kept = append(kept, tag)
		}
	}
	if len(kept) > MaxTags {
		return nil, fault.Invalidf("content.tags", "tags", "may have at most %d entries", MaxTags)
	}
	return kept, nil
}
