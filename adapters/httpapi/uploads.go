package httpapi

import (
	"context"
	"net/http"

	"github.com/sajin-sns/sajin/app/media"
	rules "github.com/sajin-sns/sajin/domain/media"

	"github.com/sajin-sns/sajin/domain/ident"
)

// Uploads is the resource of files on their way in.
type Uploads struct{ Uploads *media.Uploads }

type newUpload struct {
	Filename    string        `json:"filename" minLength:"1" maxLength:"255" doc:"As you call it"`
	ContentType string        `json:"content_type" maxLength:"255" example:"image/jpeg" doc:"One of the types in the limits; what the bytes really are is found out later"`
	Size        int64         `json:"size" minimum:"1" doc:"Bytes"`
	SHA256      string        `json:"sha256,omitempty" pattern:"^[0-9a-fA-F]{64}$" doc:"Of all bytes, in hexadecimal; if given, a file that arrives otherwise fails"`
	Purpose     rules.Purpose `json:"purpose" enum:"post,avatar"`
	Protocol    string        `json:"protocol,omitempty" enum:"parts,form" doc:"How you would like to send it, parts by default. The answer says how to: a form is for small files, and for servers that keep them in a bucket"`
}

func (u newUpload) offer() rules.Offer {
	return rules.Offer{Filename: u.Filename, ContentType: u.ContentType, Size: u.Size, SHA256: u.SHA256, Purpose: u.Purpose, Form: u.Protocol == "form"}
}

// UploadPath is embedded by the inputs of operations on one upload.
type UploadPath struct {
	ID ident.UploadID `path:"id" format:"uuid"`
}

func (u *Uploads) register(r *registry) {
	register(r, operation{
		ID: "upload-limits", Method: http.MethodGet, Path: "/v1/uploads/limits", Tag: "uploads", For: members,
		Summary:     "What you may upload",
		Description: "As this server runs now: what cannot be processed here is refused before a byte is sent.",
	}, func(ctx context.Context, by caller, _ *struct{}) (*struct{ Body *media.Limits }, error) {
		limits, err := u.Uploads.Describe(ctx, by.Account)
		return &struct{ Body *media.Limits }{limits}, err
	})
	register(r, operation{
		ID: "create-upload", Class: Expensive, Method: http.MethodPost, Path: "/v1/uploads", Tag: "uploads", For: members, Status: http.StatusCreated,
		Summary: "Begin to upload a file",
		Description: "Send every part to its URL, then complete the upload. Parts may be sent in any order, several at a time, and again. " +
			"Where the answer has the protocol `form`, POST the form with the file instead: its `fields` first, the file last, as `file`. " +
			"A type that is not accepted is 415 `media.type-unsupported` with the `accepted` ones; a file that does not fit the quota is 422 `media.quota`.",
		Problems: []int{http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusServiceUnavailable},
	}, func(ctx context.Context, by caller, in *struct{ Body newUpload }) (*struct{ Body *media.Ticket }, error) {
		ticket, err := u.Uploads.Create(ctx, by.Account, in.Body.offer())
		return &struct{ Body *media.Ticket }{ticket}, err
	})
	register(r, operation{
		ID: "get-upload", Method: http.MethodGet, Path: "/v1/uploads/{id}", Tag: "uploads", For: members,
		Summary:  "Which parts have arrived, to go on after a lost connection",
		Problems: []int{http.StatusNotFound, http.StatusGone, http.StatusServiceUnavailable},
	}, func(ctx context.Context, by caller, in *UploadPath) (*struct{ Body *media.Status }, error) {
		status, err := u.Uploads.Status(ctx, by.Account, in.ID)
		return &struct{ Body *media.Status }{status}, err
	})
	register(r, operation{
		ID: "sign-upload-part", Method: http.MethodPost, Path: partPath, Tag: "uploads", For: members,
		Summary:  "A fresh link for a part",
		Problems: []int{http.StatusNotFound, http.StatusConflict, http.StatusGone, http.StatusServiceUnavailable},
	}, func(ctx context.Context, by caller, in *struct {
		UploadPath
		Number int `path:"n" minimum:"1" maximum:"10000"`
	},
	) (*struct{ Body media.PartRequest }, error) {
		part, err := u.Uploads.Sign(ctx, by.Account, in.ID, in.Number)
		return &struct{ Body media.PartRequest }{part}, err
	})
	register(r, operation{
		ID: "complete-upload", Class: Expensive, Method: http.MethodPost, Path: "/v1/uploads/{id}/complete", Tag: "uploads", For: members, Status: http.StatusAccepted,
		Summary:     "All parts are sent",
		Description: "May be called again. 409 `media.upload-incomplete` lists the numbers of the `missing` parts.",
		Problems:    []int{http.StatusNotFound, http.StatusConflict, http.StatusGone, http.StatusServiceUnavailable},
	}, func(ctx context.Context, by caller, in *UploadPath) (*struct{ Body *media.Completed }, error) {
		completed, err := u.Uploads.Complete(ctx, by.Account, in.ID)
		return &struct{ Body *media.Completed }{completed}, err
	})
	register(r, operation{
		ID: "abort-upload", Method: http.MethodDelete, Path: "/v1/uploads/{id}", Tag: "uploads", For: members, Status: http.StatusNoContent,
		Summary:     "Give an upload up",
		Description: "May be called again. A complete upload is a medium: delete that.",
		Problems:    []int{http.StatusNotFound, http.StatusConflict},
	}, func(ctx context.Context, by caller, in *UploadPath) (*struct{}, error) {
		return nil, u.Uploads.Abort(ctx, by.Account, in.ID)
	})
}
