package httpapi

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/app/wallet"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// schemaNames are for the types whose own names say too little outside of
// their packages. They become names of types in the SDKs.
var schemaNames = map[reflect.Type]string{
	reflect.TypeFor[media.Ticket]():      "Upload",
	reflect.TypeFor[media.PartRequest](): "UploadPart",
	reflect.TypeFor[media.FormRequest](): "UploadForm",
	reflect.TypeFor[media.Status]():      "UploadStatus",
	reflect.TypeFor[media.PartStatus]():  "UploadPartStatus",
	reflect.TypeFor[media.Completed]():   "CompletedUpload",
	reflect.TypeFor[media.Limits]():      "UploadLimits",
	reflect.TypeFor[media.Share]():       "Quota",
	reflect.TypeFor[store.Balance]():     "Wallet",
	reflect.TypeFor[store.Entry]():       "WalletEntry",
	reflect.TypeFor[store.OwnAccount]():  "Account",
	reflect.TypeFor[store.Device]():      "Session",
	reflect.TypeFor[wallet.Bought]():     "Purchase",
	reflect.TypeFor[granted]():           "Credentials",
	reflect.TypeFor[about]():             "Service",
}

// nameSchema names a schema after its type; a page of things is a list of them.
func nameSchema(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if name, ok := schemaNames[t]; ok {
		return name
	}
	if strings.HasPrefix(t.Name(), "bodyOf[") {
		return nameSchema(t.Field(0).Type.Elem(), hint) + "List"
	}
	return huma.DefaultSchemaNamer(t, hint)
}

// uuid is what ids look like in the document.
type uuid struct{}

// Schema implements huma.SchemaProvider.
func (uuid) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "uuid"}
}

// newSchemas is a registry of schemas that knows what ids are.
func newSchemas() huma.Registry {
	schemas := huma.NewMapRegistry("#/components/schemas/", nameSchema)
	for _, id := range []reflect.Type{
		reflect.TypeFor[ident.AccountID](), reflect.TypeFor[ident.SessionID](), reflect.TypeFor[ident.PostID](),
		reflect.TypeFor[ident.MediaID](), reflect.TypeFor[ident.UploadID](), reflect.TypeFor[ident.PurchaseID](),
		reflect.TypeFor[ident.TopUpID](), reflect.TypeFor[ident.JournalID](),
	} {
		schemas.RegisterTypeAlias(id, reflect.TypeFor[uuid]())
	}
	return schemas
}
