package sajintest

import (
	"bytes"
	"crypto/rand"
	"image"
	"image/color"
	"image/jpeg"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/app/wallet"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// Password is the one of every member.
const Password = "correct horse battery"

// Member is somebody with an account, signed in: the whole client, and
// shortcuts to where a test begins.
type Member struct {
	*sajin.Client
	Account api.Account

	s *Server
}

// Member signs somebody up, as handle and handle@example.com.
func (s *Server) Member(handle string) *Member {
	s.t.Helper()
	c := s.client()
	account, err := c.SignUp(s.t.Context(), api.NewAccount{Email: handle + "@example.com", Password: Password, Handle: handle})
	s.must("sign up "+handle, err)
	return &Member{c, *account, s}
}

// Give gives coins, as an operator can.
func (m *Member) Give(coins int64) {
	m.s.t.Helper()
	m.s.must("give coins", m.s.grants.Grant(m.s.t.Context(), wallet.Grant{
		Account: ident.AccountID(m.Account.ID), Coins: money.Coins(coins), Reference: rand.Text(),
	}))
}

// Photo sends a picture and answers the medium, which is ready.
func (m *Member) Photo() uuid.UUID {
	m.s.t.Helper()
	data := Photo()
	id, err := m.Upload(m.s.t.Context(), sajin.File{Name: "photo.jpg", ContentType: "image/jpeg", Size: int64(len(data)), Data: bytes.NewReader(data)})
	m.s.must("upload", err)
	m.s.Settle()
	_, err = m.WaitForMedium(m.s.t.Context(), id)
	m.s.must("process the picture", err)
	return id
}

// Publish posts a fresh photo. When it returns, the post is on the main page
// and in the inboxes.
func (m *Member) Publish(change ...func(*api.NewPost)) api.Post {
	m.s.t.Helper()
	post := api.NewPost{MediaIds: &[]uuid.UUID{m.Photo()}}
	for _, c := range change {
		c(&post)
	}
	made, err := m.CreatePostWithResponse(m.s.t.Context(), post)
	m.s.must("post", err)
	m.s.Settle()
	return *made.JSON201
}

// Priced has a post cost coins.
func Priced(coins int64) func(*api.NewPost) {
	return func(p *api.NewPost) { p.PriceCoins = &coins }
}

// ForSubscribers keeps a post from everybody else.
func ForSubscribers(p *api.NewPost) {
	visibility := api.NewPostVisibilitySubscribers
	p.Visibility = &visibility
}

var photos atomic.Int64

// Photo is a small JPEG, another one each time.
func Photo() []byte {
	seed := photos.Add(1)
	picture := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for i := range 40 * 30 {
		picture.Set(i%40, i/40, color.RGBA{uint8(i * 7), uint8(seed * 31), uint8(int64(i/40*8) + seed>>3), 255})
	}
	var out bytes.Buffer
	_ = jpeg.Encode(&out, picture, nil) // a buffer takes everything
	return out.Bytes()
}
