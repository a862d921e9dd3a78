package config

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
)

// What a value should have been. The value itself is never repeated: it may be
// a secret that was put in the wrong place.
var (
	errText     = errors.New("a text; put it in quotes")
	errNumber   = errors.New("a whole number")
	errDuration = errors.New("a duration with its unit, such as 30s, 15m or 24h")
	errBool     = errors.New("true or false")
	errList     = errors.New("a list of texts, or one text with commas")
	errPacks    = errors.New("a list of {id, coins, bonus, amount, currency}")
)

// assign puts raw, which comes from YAML, the environment or a flag, into v.
// Its error says what would be right.
func assign(v reflect.Value, raw any) error {
	if raw != nil && reflect.TypeOf(raw) == v.Type() {
		v.Set(reflect.ValueOf(raw))
		return nil
	}
	switch target := v.Addr().Interface().(type) {
	case *time.Duration:
		return assignDuration(target, raw)
	case *Ratio:
		return assignRatio(target, raw)
	case *[]string:
		return assignList(target, raw)
	case *[]CoinPack:
		return assignPacks(target, raw)
	case encoding.TextUnmarshaler:
		if text, ok := raw.(string); ok {
			return target.UnmarshalText([]byte(text))
		}
	}
	switch v.Kind() {
	case reflect.String:
	case reflect.Bool:
		return assignBool(v, raw)
	default:
		return assignInt(v, raw)
	}
	text, ok := raw.(string)
	if !ok {
		return errText
	}
	v.SetString(text)
	return nil
}

func assignBool(v reflect.Value, raw any) error {
	yes, ok := raw.(bool)
	if text, written := raw.(string); written {
		yes, ok = text == "true", text == "true" || text == "false"
	}
	if !ok {
		return errBool
	}
	v.SetBool(yes)
	return nil
}

func assignInt(v reflect.Value, raw any) error {
	n, ok := integer(raw)
	if !ok || v.OverflowInt(n) {
		return errNumber
	}
	v.SetInt(n)
	return nil
}

func integer(raw any) (int64, bool) {
	if text, ok := raw.(string); ok {
		n, err := strconv.ParseInt(text, 10, 64)
		return n, err == nil
	}
	v := reflect.ValueOf(raw)
	switch {
	case v.IsValid() && v.CanInt():
		return v.Int(), true
	case v.IsValid() && v.CanUint() && v.Uint() <= math.MaxInt64:
		return int64(v.Uint()), true
	}
	return 0, false
}

func assignDuration(target *time.Duration, raw any) error {
	if n, ok := integer(raw); ok && n == 0 {
		*target = 0
		return nil
	}
	text, _ := raw.(string)
	d, err := time.ParseDuration(text)
	if err != nil {
		return errDuration
	}
	*target = d
	return nil
}

func assignList(target *[]string, raw any) error {
	list := []string{}
	switch raw := raw.(type) {
	case string:
		for part := range strings.SplitSeq(raw, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
	case []any:
		for _, item := range raw {
			text, ok := item.(string)
			if !ok {
				return errList
			}
			list = append(list, text)
		}
	default:
		return errList
	}
	*target = list
	return nil
}

func assignPacks(target *[]CoinPack, raw any) error {
	if text, ok := raw.(string); ok { // YAML's short form, of which JSON is a part
		document, err := yaml.Parser().Unmarshal([]byte("packs: " + text))
		if err != nil {
			return errPacks
		}
		raw = document["packs"]
	}
	items, ok := raw.([]any)
	if !ok {
		return errPacks
	}
	packs := make([]CoinPack, len(items))
	for i, item := range items {
		members, ok := item.(map[string]any)
		if !ok {
			return errPacks
		}
		for name, value := range members {
			if err := assignMember(&packs[i], name, value); err != nil {
				return fmt.Errorf("%w: in the pack at %d, %q is not right", errPacks, i+1, name)
			}
		}
	}
	*target = packs
	return nil
}

func assignMember(pack *CoinPack, name string, value any) error {
	v := reflect.ValueOf(pack).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("koanf") == name {
			return assign(v.Field(i), value)
		}
	}
	return errPacks
}
