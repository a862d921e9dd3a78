// Package demo fills an empty server with people and posts to look at. It uses
// the API as anybody would, through the Go client.
package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/sajin-sns/sajin/cmd/sajin/demo/paint"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// Password is what everybody in the demo signs in with.
const Password = "sajin-demo"

// Fill puts people, posts and coins onto the server at base, on which nobody has
// an account yet, and prints who to sign in as.
func Fill(ctx context.Context, base string, out io.Writer) error {
	d := &demo{base: base, clients: map[string]*sajin.Client{}}
	_, _ = fmt.Fprintf(out, "Painting %d pictures for the demo at %s; that takes about half a minute.\n", len(paint.Scenes()), base)
	for _, p := range people {
		if err := d.join(ctx, p); err != nil {
			return fmt.Errorf("demo: @%s joins: %w", p.handle, err)
		}
	}
	if err := d.publish(ctx); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	for _, p := range people {
		if err := d.spend(ctx, p); err != nil {
			return fmt.Errorf("demo: @%s goes shopping: %w", p.handle, err)
		}
	}
	return d.introduce(out)
}

type demo struct {
	base    string
	clients map[string]*sajin.Client
	paid    []uuid.UUID // of the posts that cost coins, in the order of the scenes
}

func email(handle string) string { return handle + "@example.com" }

// join signs somebody up, gives them a face, and lets them follow others.
func (d *demo) join(ctx context.Context, p person) error {
	client, err := sajin.New(d.base, nil)
	if err != nil {
		return err
	}
	d.clients[p.handle] = client
	if _, err := client.SignUp(ctx, api.NewAccount{Email: email(p.handle), Password: Password, Handle: p.handle, DisplayName: &p.name}); err != nil {
		return err
	}
	face, err := upload(ctx, client, p.handle+".jpg", paint.Portrait(p.face), api.NewUploadPurposeAvatar)
	if err != nil {
		return err
	}
	_, err = client.EditAccountWithResponse(ctx, nil, api.EditedAccount{Bio: &p.bio, AvatarMediaID: &face})
	if err != nil {
		return err
	}
	for _, creator := range p.follows {
		if _, err := client.SubscribeWithResponse(ctx, creator); err != nil {
			return err
		}
	}
	return nil
}

// publish paints the scenes, two at a time, and publishes them in their order.
func (d *demo) publish(ctx context.Context) error {
	scenes := paint.Scenes()
	media := make([]uuid.UUID, len(scenes))
	painters, painting := errgroup.WithContext(ctx)
	painters.SetLimit(2)
	for i, scene := range scenes {
		painters.Go(func() (err error) {
			width, height := 1600, 1200
			if i%3 == 2 {
				width, height = 1200, 1500
			}
			media[i], err = upload(painting, d.clients[authorOf(i)], scene.Name+".jpg", scene.JPEG(width, height), api.NewUploadPurposePost)
			return err
		})
	}
	if err := painters.Wait(); err != nil {
		return err
	}
	for i, scene := range scenes {
		price, visibility := termsOf(i)
		post, err := d.clients[authorOf(i)].CreatePostWithResponse(ctx, api.NewPost{
			Caption: &scene.Title, Tags: &scene.Tags, Category: &scene.Category, MediaIds: &[]uuid.UUID{media[i]},
			PriceCoins: &price, Visibility: &visibility,
		})
		if err != nil {
			return fmt.Errorf("publish %s: %w", scene.Name, err)
		}
		if price > 0 && visibility == api.NewPostVisibilityPublic {
			d.paid = append(d.paid, post.JSON201.ID)
		}
	}
	return nil
}

// spend tops up with the sandbox provider and buys a few posts.
func (d *demo) spend(ctx context.Context, p person) error {
	client := d.clients[p.handle]
	if p.pack == "" {
		return nil
	}
	if err := topUp(ctx, client, p.pack); err != nil {
		return err
	}
	for i := range min(p.buys, len(d.paid)) {
		if _, err := client.PurchasePostWithResponse(ctx, d.paid[i], &api.PurchasePostParams{IdempotencyKey: sajin.NewKey()}, api.NewPurchase{}); err != nil {
			return err
		}
	}
	return nil
}

func upload(ctx context.Context, client *sajin.Client, name string, data []byte, purpose api.NewUploadPurpose) (uuid.UUID, error) {
	id, err := client.Upload(ctx, sajin.File{
		Name: name, ContentType: "image/jpeg", Size: int64(len(data)), Data: bytes.NewReader(data), Purpose: purpose,
	})
	if err != nil {
		return id, fmt.Errorf("upload %s: %w", name, err)
	}
	_, err = client.WaitForMedium(ctx, id)
	return id, err
}

func (d *demo) introduce(out io.Writer) error {
	_, _ = fmt.Fprintf(out, "\nThe demo is ready: %s\nEverybody's password is %s\n\n", d.base, Password)
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	for _, p := range people {
		_, _ = fmt.Fprintf(w, "  %s\t@%s\t%s\n", email(p.handle), p.handle, p.role)
	}
	_, _ = fmt.Fprintln(w)
	return w.Flush()
}
