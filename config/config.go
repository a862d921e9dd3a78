// Package config is what an operator can set: one struct whose tags name every
// key, its default and what it accepts. Load reads flags, environment and file
// over the defaults; Validate names everything that is wrong at once.
//
// It is imported by cmd alone. Every other package is given the values that it
// needs, and knows neither keys nor files.
package config

import (
	"time"

	"github.com/sajin-sns/sajin/domain/money"
)

// Config is everything that can be set. The tags of a field are its key
// (koanf), its default, what an empty value stands for (empty), the values that
// it accepts (oneof, min, max) and one line about it (doc).
type Config struct {
	Env     string   `koanf:"env" default:"development" oneof:"development,production" doc:"production refuses what only suits a try-out"`
	DataDir string   `koanf:"data_dir" default:"./sajin-data" doc:"folder for everything that is kept on this machine"`
	Roles   []string `koanf:"roles" default:"api,worker,media" doc:"what this process does: api answers clients; worker carries events, does jobs and chores; media processes files"`

	HTTP     HTTP     `koanf:"http"`
	Database Database `koanf:"database"`
	Blob     Blob     `koanf:"blob"`
	Events   Events   `koanf:"events"`
	Jobs     Jobs     `koanf:"jobs"`
	Auth     Auth     `koanf:"auth"`
	Mail     Mail     `koanf:"mail"`
	Payments Payments `koanf:"payments"`
	Wallet   Wallet   `koanf:"wallet"`
	TopUps   TopUps   `koanf:"topups"`
	Uploads  Uploads  `koanf:"uploads"`
	Media    Media    `koanf:"media"`
	Content  Content  `koanf:"content"`
	Feeds    Feeds    `koanf:"feeds"`
	Limits   Limits   `koanf:"limits"`
	Metrics  Metrics  `koanf:"metrics"`
	Tracing  Tracing  `koanf:"tracing"`
	Log      Log      `koanf:"log"`
	Debug    Debug    `koanf:"debug"`
}

// HTTP is the listener that clients talk to.
type HTTP struct {
	Listen      string        `koanf:"listen" default:"127.0.0.1:7777" doc:"host:port to listen on; no host means every interface"`
	PublicURL   string        `koanf:"public_url" empty:"http://<http.listen>" doc:"what links and cookies are made for"`
	ReadTimeout time.Duration `koanf:"read_timeout" default:"2m" min:"1s" doc:"longest time that a request may take to arrive, body included"`
	BodyLimit   Size          `koanf:"body_limit" default:"1MiB" min:"1KiB" doc:"largest body of a request; parts of an upload have uploads.part_size"`

	TrustedProxies []string `koanf:"trusted_proxies" default:"" empty:"none" doc:"networks (10.0.0.0/8), addresses or loopback: proxies in front of this server, whose X-Forwarded-For or Forwarded says who the client is"`
}

// Database is the only system of record.
type Database struct {
	URL      URL `koanf:"url" empty:"sqlite:<data_dir>/sajin.db" doc:"sqlite:<path>, sqlite::memory: or postgres://..."`
	MaxConns int `koanf:"max_conns" default:"16" min:"2" max:"10000" doc:"most connections that this process keeps open"`
}

// Blob is where the bytes of media are kept.
type Blob struct {
	URL       URL    `koanf:"url" empty:"file:<data_dir>/blobs" doc:"file:<path>, memory: or s3://bucket/prefix?endpoint=http://host:port&region=...&style=path; of a bucket all but its name may be left out"`
	AccessKey Secret `koanf:"access_key" doc:"access key of the bucket"`
	SecretKey Secret `koanf:"secret_key" doc:"secret key of the bucket"`

	Downloads   string        `koanf:"downloads" default:"proxy" oneof:"proxy,redirect" doc:"redirect sends who may see a picture on to the bucket, by a link of its own; proxy sends the bytes"`
	RedirectTTL time.Duration `koanf:"redirect_ttl" default:"1m" min:"1s" max:"1h" doc:"how long such a link works"`
}

// Events is how domain events travel once they are committed.
type Events struct {
	URL             URL    `koanf:"url" empty:"in process" doc:"NATS with JetStream: nats://user:password@host:4222 or tls://..., several hosts with commas"`
	Stream          string `koanf:"stream" default:"sajin" doc:"JetStream stream that events go through; made when it is missing"`
	Token           Secret `koanf:"token" doc:"token for the broker, if it asks for one"`
	CredentialsFile string `koanf:"credentials_file" doc:"file with a JWT and its key for the broker (.creds)"`

	Lease time.Duration `koanf:"lease" default:"30s" min:"1s" max:"10m" doc:"how long after a crash another process takes over the events that were being published"`
}

// Jobs is work that is done beside requests.
type Jobs struct {
	Lease time.Duration `koanf:"lease" default:"30s" min:"1s" max:"10m" doc:"how long after a crash another process takes over the jobs that were being done"`
}

// Auth is signing in.
type Auth struct {
	SigningKeyFile string          `koanf:"signing_key_file" empty:"a key made once in data_dir" doc:"file with the key that signs access tokens"`
	Issuer         string          `koanf:"issuer" empty:"http.public_url" doc:"issuer of access tokens"`
	AccessTTL      time.Duration   `koanf:"access_ttl" default:"15m" min:"1s" max:"24h" doc:"how long an access token is good for"`
	RefreshTTL     time.Duration   `koanf:"refresh_ttl" default:"720h" min:"1s" doc:"how long a session lasts without being used"`
	DeleteGrace    time.Duration   `koanf:"delete_grace" default:"720h" min:"0s" doc:"how long a deleted account can still come back"`
	StepUpTTL      time.Duration   `koanf:"step_up_ttl" default:"10m" min:"1s" max:"24h" doc:"how long after signing in, or giving the password again, a session may do what needs that"`
	OIDC           map[string]OIDC `koanf:"oidc"`
}

// OIDC is one OpenID Connect provider to sign in with.
type OIDC struct {
	Issuer       string `koanf:"issuer" empty:"https://accounts.google.com for the name google" doc:"URL of the OpenID Connect provider, exactly as it calls itself"`
	ClientID     string `koanf:"client_id" doc:"what the provider knows this server as"`
	ClientSecret Secret `koanf:"client_secret" doc:"secret that goes with client_id"`
}

// Mail is what is sent to people.
type Mail struct {
	URL      URL           `koanf:"url" empty:"file:<data_dir>/mail" doc:"smtp://user:password@host:587 (with STARTTLS), smtps://..., file:<path> or memory:"`
	From     string        `koanf:"from" empty:"<mail.site_name> <no-reply@<host of http.public_url>>" doc:"whom mail is from, such as sajin <hello@example.com>"`
	SiteName string        `koanf:"site_name" default:"sajin" doc:"what mail calls this place"`
	Timeout  time.Duration `koanf:"timeout" default:"30s" min:"1s" max:"10m" doc:"longest time for handing one mail over"`
}

// Payments are the providers that take real money, in order of preference.
type Payments struct {
	Providers []string `koanf:"providers" default:"sandbox" doc:"providers on offer, the preferred one first"`
	Sandbox   Sandbox  `koanf:"sandbox"`
	Stripe    Stripe   `koanf:"stripe"`
	PortOne   PortOne  `koanf:"portone"`
}

// Sandbox is the provider that plays customer and provider itself.
type Sandbox struct {
	WebhookSecret Secret `koanf:"webhook_secret" empty:"made at start" doc:"signs the webhooks that the sandbox sends"`
}

// Stripe is an account at Stripe.
type Stripe struct {
	SecretKey      Secret `koanf:"secret_key" doc:"API key of the server, sk_..."`
	WebhookSecret  Secret `koanf:"webhook_secret" doc:"signing secret of the webhook endpoint, whsec_..."`
	PublishableKey string `koanf:"publishable_key" doc:"key that pages may see, pk_..."`
	BaseURL        string `koanf:"base_url" default:"https://api.stripe.com" doc:"where the API is"`
}

// PortOne is a store at PortOne (iamport).
type PortOne struct {
	APISecret     Secret `koanf:"api_secret" doc:"API secret of the store"`
	StoreID       string `koanf:"store_id" doc:"id of the store"`
	ChannelKey    string `koanf:"channel_key" doc:"channel that payments go through"`
	WebhookSecret Secret `koanf:"webhook_secret" doc:"signing secret of the webhooks, whsec_..."`
	BaseURL       string `koanf:"base_url" default:"https://api.portone.io" doc:"where the API is"`
	APIVersion    string `koanf:"api_version" default:"v2" oneof:"v1,v2" doc:"version of the API that the store uses"`
}

// Wallet is what coins cost, and what sajin keeps of a sale.
type Wallet struct {
	FeeBPS      money.BasisPoints `koanf:"fee_bps" default:"2000" min:"0" max:"10000" doc:"the platform's share of a sale, in hundredths of a percent"`
	CoinPacks   []CoinPack        `koanf:"coin_packs" default:"[{id: starter, coins: 100, bonus: 0, amount: 1000, currency: KRW}, {id: popular, coins: 500, bonus: 50, amount: 5000, currency: KRW}, {id: patron, coins: 1000, bonus: 200, amount: 10000, currency: KRW}]" doc:"what can be bought; amount is in minor units of the currency, coins do not count the bonus"`
	BonusExpiry time.Duration     `koanf:"bonus_expiry" default:"8760h" min:"0s" doc:"how long bonus coins last; 0 means for ever"`
}

// CoinPack is an offer: coins and bonus coins for an amount of money.
type CoinPack struct {
	ID       string         `koanf:"id"`
	Coins    money.Coins    `koanf:"coins"` // paid for: without the bonus
	Bonus    money.Coins    `koanf:"bonus"`
	Amount   int64          `koanf:"amount"` // in minor units
	Currency money.Currency `koanf:"currency"`
}

// TopUps are purchases of coins.
type TopUps struct {
	ExpireAfter time.Duration `koanf:"expire_after" default:"24h" min:"1m" doc:"when a top-up that nobody paid for is given up"`
	AskAfter    time.Duration `koanf:"ask_after" default:"2m" min:"1s" max:"1h" doc:"how long to wait for the provider to tell what became of a top-up, before asking it"`

	ProviderTimeout time.Duration `koanf:"provider_timeout" default:"45s" min:"1s" max:"5m" doc:"longest time that a provider may take to begin a payment; after a crash, another process takes over a third later"`
}

// Uploads are files on their way in.
type Uploads struct {
	PartSize Size          `koanf:"part_size" default:"8MiB" min:"1KiB" max:"1GiB" doc:"size of the parts that a file is sent in"`
	MaxBytes Size          `koanf:"max_bytes" default:"64MiB" min:"1KiB" doc:"largest file"`
	MaxOpen  int           `koanf:"max_open" default:"20" min:"1" max:"10000" doc:"unfinished uploads that one account may have"`
	TTL      time.Duration `koanf:"ttl" default:"24h" min:"1m" doc:"when an unfinished upload is dropped"`
	Quota    Size          `koanf:"quota" default:"20GiB" min:"0" doc:"what one account may store; 0 means as much as fits"`
}

// Media is the processing of pictures and films, and the links to them.
type Media struct {
	MaxPixels int64         `koanf:"max_pixels" default:"100000000" min:"1" doc:"most pixels of a picture"`
	Workers   int           `koanf:"workers" default:"0" min:"0" max:"1024" doc:"files processed at a time; 0 means one per core"`
	LinkTTL   time.Duration `koanf:"link_ttl" default:"10m" min:"1s" max:"24h" doc:"how long a link to a rendition works"`

	UnattachedTTL time.Duration `koanf:"unattached_ttl" default:"168h" min:"1h" doc:"when a ready medium is deleted that nothing was ever made of"`
	FailedTTL     time.Duration `koanf:"failed_ttl" default:"168h" min:"1h" doc:"when a medium is deleted, its original with it, that has failed and that nothing was made of"`
	OrphanAge     time.Duration `koanf:"orphan_age" default:"48h" min:"1h" doc:"when what is in object storage and of no row is removed"`
	CheckEvery    time.Duration `koanf:"check_every" default:"24h" min:"0s" doc:"how often database and object storage are compared; 0 means only by hand"`
}

// Content is what posts may say about themselves.
type Content struct {
	Categories []string `koanf:"categories" default:"people,nature,city,food,art,animals,travel,fashion,other" doc:"categories that a post may be filed under"`
}

// Feeds are the inboxes of subscribers.
type Feeds struct {
	FanoutThreshold int `koanf:"fanout_threshold" default:"10000" min:"0" doc:"followers above which posts are merged on reading, not copied to every inbox"`
	Backfill        int `koanf:"backfill" default:"20" min:"0" max:"1000" doc:"older posts that a new subscriber finds in the inbox"`
	FanoutBatch     int `koanf:"fanout_batch" default:"2000" min:"1" max:"100000" doc:"subscribers to whose inboxes a post is copied in one transaction"`
}

// Metrics are for Prometheus.
type Metrics struct {
	Listen string `koanf:"listen" empty:"/metrics on http.listen" doc:"host:port of a listener for /metrics alone"`
}

// Tracing sends traces to an OpenTelemetry collector.
type Tracing struct {
	Endpoint    URL   `koanf:"endpoint" empty:"no traces" doc:"URL of a collector that takes OTLP over HTTP, such as http://127.0.0.1:4318"`
	SampleRatio Ratio `koanf:"sample_ratio" default:"1" doc:"share of the traces that are sent, 0 to 1"`
}

// Log is what the server says about itself.
type Log struct {
	Level    string `koanf:"level" default:"info" oneof:"debug,info,warn,error" doc:"least severity that is written"`
	Format   string `koanf:"format" default:"auto" oneof:"auto,text,json" doc:"auto is text on a terminal and json otherwise"`
	Requests string `koanf:"requests" default:"auto" oneof:"auto,all,failures,none" doc:"requests that are logged at level info, the others at debug; auto is all in production and those that failed on our side otherwise"`
}

// Debug is for those who look into a running server.
type Debug struct {
	Listen string `koanf:"listen" empty:"nowhere" doc:"host:port of a listener for Go's profiles, under /debug/pprof/; for this machine alone"`
}
