// Package failpoint names the moments at which a crash of the process hurts
// most: something has been done that nobody has heard of, or only half of what
// belongs together. `make fault` kills the server at each of them.
//
// A point is a line, failpoint.Hit("wallet.purchase.committed"). It is nothing
// at all in a server that is built without the tag failpoint.
package failpoint

// Points lists every one: a test holds this list to the source.
var Points = []string{
	"accounts.registered",             // committed; nobody has heard of it
	"bus.event.handled",               // a consumer has done its work, and not committed it
	"bus.event.consumed",              // committed; the relay has not heard of it
	"bus.event.published",             // every consumer is done; the event is in the outbox still
	"content.post.created",            // committed; nobody has heard of it
	"fileblob.file.synced",            // a whole file, without its name
	"fileblob.file.named",             // and with it; its folder may not be on the disk
	"fileblob.upload.assembled",       // the object is there, and the parts still are
	"media.upload.assembled",          // the object is there; no row says so
	"media.upload.arrived",            // committed; nobody has heard of it
	"media.rendition.put",             // some renditions of a medium are stored
	"media.renditions.put",            // all are; no row says so
	"media.processed",                 // committed; the worker has not heard of it
	"subscriptions.fan-out.delivered", // some of the subscribers have the post
	"subscriptions.subscribed",        // committed; nobody has heard of it
	"wallet.purchase.committed",       // nobody has heard of it
	"wallet.top-up.intended",          // the provider does not know yet
	"wallet.top-up.started",           // the provider knows; its answer is not kept
	"wallet.top-up.answered",          // its answer is kept; nobody has heard of it
	"wallet.top-up.asked",             // the provider has said that it was paid, to nobody else
	"wallet.top-up.settled",           // committed; nobody has heard of it
	"wallet.webhook.taken-in",         // committed; the provider has not heard of it
	"worker.job.claimed",              // and not begun
}
