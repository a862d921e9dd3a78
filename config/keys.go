package config

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

const envPrefix = "SAJIN_"

// Key describes one key.
type Key struct {
	Name   string // "http.listen"
	Env    string // "SAJIN_HTTP_LISTEN"
	Value  string // as text; *** for a secret that is set
	Empty  string // what it means that Value is empty, if anything
	Accept string // the values that are accepted, when they are limited
	Doc    string // one line
}

// Keys are all keys with their defaults, in the order of the struct. Those of a
// named entry are written with <name>: auth.oidc.<name>.issuer.
func Keys() []Key { return Default().Keys() }

// Keys are all keys with the values that they have in c.
func (c Config) Keys() []Key {
	value := reflect.ValueOf(c)
	var keys []Key
	for _, f := range fields {
		if !f.named() {
			keys = append(keys, f.describe(format(value.FieldByIndex(f.index))))
			continue
		}
		entries := value.FieldByIndex(f.index)
		names := entries.MapKeys()
		slices.SortFunc(names, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
		for _, name := range names {
			keys = append(keys, f.at(name.String()).describe(format(entries.MapIndex(name).FieldByIndex(f.inner))))
		}
		if len(names) == 0 {
			keys = append(keys, f.describe(""))
		}
	}
	return keys
}

// Markdown is a table of keys for the documentation.
func Markdown(keys []Key) string {
	var b strings.Builder
	b.WriteString("| key | environment | default | what it is |\n|---|---|---|---|\n")
	for _, k := range keys {
		value, doc := k.Value, k.Doc
		if value != "" {
			value = "`" + value + "`"
		} else {
			value = k.Empty
		}
		if k.Accept != "" {
			doc += " (" + k.Accept + ")"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", k.Name, k.Env, value, doc)
	}
	return strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(b.String())
}

// field is a leaf of Config, or of an entry in one of its maps.
type field struct {
	key   string
	index []int // in Config: of the leaf, or of the map
	inner []int // in the map's entries: of the leaf
	typ   reflect.Type
	tag   reflect.StructTag
}

const namePlace = "<name>"

var fields = collect(reflect.TypeFor[Config](), "", nil)

func collect(t reflect.Type, prefix string, index []int) []field {
	var found []field
	for i := range t.NumField() {
		sf := t.Field(i)
		key := prefix + sf.Tag.Get("koanf")
		at := append(slices.Clone(index), i)
		switch sf.Type.Kind() {
		case reflect.Struct:
			found = append(found, collect(sf.Type, key+".", at)...)
		case reflect.Map:
			for _, f := range collect(sf.Type.Elem(), key+"."+namePlace+".", nil) {
				f.index, f.inner = at, f.index
				found = append(found, f)
			}
		default:
			found = append(found, field{key: key, index: at, typ: sf.Type, tag: sf.Tag})
		}
	}
	return found
}

func (f field) named() bool { return f.inner != nil }

// at is the field of the entry with that name.
func (f field) at(name string) field {
	f.key = strings.Replace(f.key, namePlace, name, 1)
	return f
}

func (f field) env() string { return envName(f.key) }

func envName(key string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

func (f field) describe(value string) Key {
	k := Key{Name: f.key, Env: f.env(), Value: value, Empty: f.tag.Get("empty"), Doc: f.tag.Get("doc")}
	least, most := f.tag.Get("min"), f.tag.Get("max")
	switch {
	case f.tag.Get("oneof") != "":
		k.Accept = strings.ReplaceAll(f.tag.Get("oneof"), ",", ", ")
	case most != "":
		k.Accept = least + " to " + most
	case least != "" && least != "0" && least != "0s":
		k.Accept = "at least " + least
	}
	return k
}

// format writes a value as Load would read it back, but for what is hidden.
func format(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case fmt.Stringer:
		if d, ok := x.(time.Duration); ok {
			return formatDuration(d)
		}
		return x.String()
	case []string:
		return strings.Join(x, ",")
	case []CoinPack:
		packs := make([]string, len(x))
		for i, p := range x {
			packs[i] = fmt.Sprintf("{id: %s, coins: %d, bonus: %d, amount: %d, currency: %s}", p.ID, p.Coins, p.Bonus, p.Amount, p.Currency)
		}
		return "[" + strings.Join(packs, ", ") + "]"
	default:
		switch {
		case v.CanInt():
			return strconv.FormatInt(v.Int(), 10)
		case v.Kind() == reflect.Bool:
			return strconv.FormatBool(v.Bool())
		}
		return v.String()
	}
}

func formatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
