package config

import (
	"errors"
	"strconv"
)

// Ratio is a share of a whole, 0 to 1.
type Ratio float64

func (r Ratio) String() string { return strconv.FormatFloat(float64(r), 'g', -1, 64) }

var errRatio = errors.New("a number from 0 to 1, such as 0.1")

func assignRatio(target *Ratio, raw any) error {
	var n float64
	switch raw := raw.(type) {
	case float64:
		n = raw
	case int:
		n = float64(raw)
	case string:
		var err error
		if n, err = strconv.ParseFloat(raw, 64); err != nil {
			return errRatio
		}
	default:
		return errRatio
	}
	if !(n >= 0 && n <= 1) { // nor is it no number at all
		return errRatio
	}
	*target = Ratio(n)
	return nil
}

func (c Config) checkTracing(p *Problems) {
	if _, ok := webURL(c.Tracing.Endpoint.Reveal()); c.Tracing.Endpoint != "" && !ok {
		p.add("tracing.endpoint", "must be the http:// or https:// URL of an OTLP collector, such as http://127.0.0.1:4318")
	}
	if r := c.Tracing.SampleRatio; !(r >= 0 && r <= 1) {
		p.add("tracing.sample_ratio", "must be %s", errRatio)
	}
}
