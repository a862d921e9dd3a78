package config

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

// Sources are where values come from. A flag wins over the environment, that
// over the file, that over the defaults.
type Sources struct {
	File    string         // path of a YAML file; none when empty
	Environ []string       // NAME=value, as of os.Environ; only SAJIN_ names are looked at
	Flags   map[string]any // by key: "http.listen"; only the flags that were given
}

// Default is the configuration that nothing was said about.
func Default() Config {
	var c Config
	for _, f := range fields {
		if text, ok := f.tag.Lookup("default"); ok {
			if err := assign(reflect.ValueOf(&c).Elem().FieldByIndex(f.index), text); err != nil {
				panic("config: default of " + f.key + ": " + err.Error())
			}
		}
	}
	return c
}

// Load reads the sources over the defaults. Its error is a Problems, with every
// key that is not known and every value that cannot be read, or tells why the
// file could not be opened. Whether the values make sense together is for
// Validate to say.
func Load(s Sources) (Config, error) {
	c := Default()
	var problems Problems

	if s.File != "" {
		k := koanf.New(".")
		if err := k.Load(file.Provider(s.File), yaml.Parser()); err != nil {
			return Config{}, fmt.Errorf("configuration file %s: %w", s.File, err)
		}
		problems = append(problems, apply(&c, k.All(), strings.Clone)...)
	}

	environment := koanf.New(".")
	_ = environment.Load(env.Provider(".", env.Opt{ // a provider without a source that could fail
		Prefix:      envPrefix,
		EnvironFunc: func() []string { return s.Environ },
		TransformFunc: func(name, value string) (string, any) {
			if orchestrated.MatchString(name) {
				return "", nil
			}
			key, ok := keyOfEnv(name)
			if !ok {
				problems.add(name, "is not the name of any key%s", suggest(name, envNames()))
				return "", nil
			}
			return key, value
		},
	}), nil)
	problems = append(problems, apply(&c, environment.All(), envName)...)
	problems = append(problems, apply(&c, s.Flags, strings.Clone)...)

	if len(problems) > 0 {
		return Config{}, problems
	}
	return c, nil
}

// orchestrated are the variables that Kubernetes and its likes put into every
// container beside a service that is called "sajin".
var orchestrated = regexp.MustCompile(`^SAJIN_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP)(_.*)?)?)$`)

// apply puts flat keys and their values into c; what is null stays as it was.
// A problem calls a key by the name that its source has for it.
func apply(c *Config, flat map[string]any, called func(key string) string) Problems {
	var problems Problems
	for _, key := range slices.Sorted(maps.Keys(flat)) {
		raw := flat[key]
		f, name, ok := fieldOf(key)
		if !ok {
			if !emptySection(key, raw) {
				problems.add(called(key), "is not a key%s", suggest(key, keyNames()))
			}
			continue
		}
		if raw == nil {
			continue
		}
		if err := put(c, f, name, raw); err != nil {
			problems.add(called(key), "must be %s", err)
		}
	}
	return problems
}

func put(c *Config, f field, name string, raw any) error {
	v := reflect.ValueOf(c).Elem().FieldByIndex(f.index)
	if !f.named() {
		return assign(v, raw)
	}
	entry := reflect.New(v.Type().Elem()).Elem()
	if old := v.MapIndex(reflect.ValueOf(name)); old.IsValid() {
		entry.Set(old)
	}
	if err := assign(entry.FieldByIndex(f.inner), raw); err != nil {
		return err
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	v.SetMapIndex(reflect.ValueOf(name), entry)
	return nil
}

// fieldOf finds the field of a key, and the name in it when it is of an entry.
func fieldOf(key string) (f field, name string, ok bool) {
	for _, f := range fields {
		before, after, named := strings.Cut(f.key, namePlace)
		if !named && f.key == key {
			return f, "", true
		}
		if name, ok := between(key, before, after); named && ok && entryName.MatchString(name) {
			return f, name, true
		}
	}
	return field{}, "", false
}

// keyOfEnv finds the key that a variable sets. The names are those of a table,
// for turning _ back into a dot would have to guess: keys hold _ as well.
func keyOfEnv(variable string) (string, bool) {
	for _, f := range fields {
		before, after, named := strings.Cut(f.env(), strings.ToUpper(namePlace))
		if !named && f.env() == variable {
			return f.key, true
		}
		if name, ok := between(variable, before, after); named && ok {
			return f.at(strings.ToLower(name)).key, true
		}
	}
	return "", false
}

var entryName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

// between is what stands in text between before and after, if anything does.
func between(text, before, after string) (string, bool) {
	rest, starts := strings.CutPrefix(text, before)
	middle, ends := strings.CutSuffix(rest, after)
	return middle, starts && ends && middle != ""
}

// emptySection tells whether key is a section that the file names and leaves
// empty, as when every line in it is a comment.
func emptySection(key string, raw any) bool {
	if m, ok := raw.(map[string]any); raw != nil && (!ok || len(m) > 0) {
		return false
	}
	return slices.ContainsFunc(fields, func(f field) bool { return strings.HasPrefix(f.key, key+".") })
}
