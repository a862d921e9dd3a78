// Package paint draws the pictures of the demo: landscapes, still lifes and
// faces made by arithmetic alone, so that the repository carries no photographs
// and nobody's rights. It knows nothing of posts or accounts.
package paint

import (
	"fmt"
	"slices"
)

// Scene is one picture that can be painted at any size.
type Scene struct {
	Name     string // unique, fit for a file name
	Title    string
	Tags     []string
	Category string // one of the categories of posts

	paint func(c *canvas)
}

// Scenes lists every scene, always in the same order.
func Scenes() []Scene {
	return slices.Concat(mountains, seas, cities, nights, lands, gardens, crafts)
}

// JPEG paints the scene. The same size gives the same bytes on the same build;
// the composition fits landscape and portrait alike. Sizes below one pixel are
// a mistake of the caller's.
func (s Scene) JPEG(width, height int) []byte {
	if width < 1 || height < 1 {
		panic(fmt.Sprintf("paint: %s at %d x %d", s.Name, width, height))
	}
	c := newCanvas(width, height)
	s.paint(c)
	return c.develop()
}
