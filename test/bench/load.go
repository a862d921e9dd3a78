package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// connections is how many ask at a time, as pgbench's clients do.
const connections = 16

// result is what one operation or limit did.
type result struct {
	rate     float64 // per second
	p50, p99 time.Duration
	failed   error // the first thing that went wrong
}

// load asks over a number of connections that stay open, each for its next
// request when the last was answered, for as long as it is told. request is
// given the number of the connection and of the request on it; it answers a
// whole HTTP request, or nil when there is nothing left to ask. The client does
// next to nothing with an answer, so that what is measured is the server.
func load(address string, conns int, during time.Duration, request func(conn, n int) []byte, status int) result {
	var (
		all   sync.WaitGroup
		mu    sync.Mutex
		took  []time.Duration
		first error
	)
	began := time.Now()
	until := began.Add(during)
	for c := range conns {
		all.Go(func() {
			times, err := drive(address, until, func(n int) []byte { return request(c, n) }, status)
			mu.Lock()
			defer mu.Unlock()
			took = append(took, times...)
			if first == nil {
				first = err
			}
		})
	}
	all.Wait()
	return summary(took, time.Since(began), first)
}

func summary(took []time.Duration, during time.Duration, err error) result {
	if len(took) == 0 {
		return result{failed: cmpErr(err)}
	}
	slices.Sort(took)
	at := func(q float64) time.Duration { return took[min(len(took)-1, int(q*float64(len(took))))] }
	return result{rate: float64(len(took)) / during.Seconds(), p50: at(0.5), p99: at(0.99), failed: err}
}

func cmpErr(err error) error {
	if err == nil {
		err = errors.New("nothing was asked")
	}
	return err
}

func drive(address string, until time.Time, request func(n int) []byte, status int) (took []time.Duration, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	in := bufio.NewReaderSize(conn, 64<<10)
	took = make([]time.Duration, 0, 1<<16)
	for n := 0; ; n++ {
		began := time.Now()
		if began.After(until) {
			return took, nil
		}
		r := request(n)
		if r == nil {
			return took, nil
		}
		if _, err := conn.Write(r); err != nil {
			return took, err
		}
		if err := answer(in, status); err != nil {
			return took, err
		}
		took = append(took, time.Since(began))
	}
}

// answer reads one answer of HTTP/1.1 and throws its body away.
func answer(in *bufio.Reader, want int) error {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if len(line) < 12 {
		return fmt.Errorf("no HTTP: %q", line)
	}
	got, _ := strconv.Atoi(string(line[9:12]))
	length, chunked := int64(0), false
	for {
		line, err = in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
		if line[0] == 'C' || line[0] == 'T' || line[0] == 'c' || line[0] == 't' {
			name, value, _ := strings.Cut(strings.TrimSpace(string(line)), ": ")
			switch strings.ToLower(name) {
			case "content-length":
				length, _ = strconv.ParseInt(value, 10, 64)
			case "transfer-encoding":
				chunked = value == "chunked"
			}
		}
	}
	if got != want {
		body := make([]byte, min(length, 500))
		_, _ = io.ReadFull(in, body)
		return fmt.Errorf("answered %d, not %d: %s", got, want, body)
	}
	if !chunked {
		_, err = in.Discard(int(length))
		return err
	}
	for {
		line, err = in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(strings.TrimSpace(string(line)), 16, 64)
		if err != nil {
			return err
		}
		if _, err := in.Discard(int(size) + 2); err != nil {
			return err
		}
		if size == 0 {
			return nil
		}
	}
}

// compose writes a request as it goes over the wire.
func compose(method, path, token, body string, headers ...string) []byte {
	var b strings.Builder
	b.WriteString(method + " " + path + " HTTP/1.1\r\nHost: bench\r\n")
	if token != "" {
		b.WriteString("Authorization: Bearer " + token + "\r\n")
	}
	for i := 0; i < len(headers); i += 2 {
		b.WriteString(headers[i] + ": " + headers[i+1] + "\r\n")
	}
	if body != "" {
		b.WriteString("Content-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n")
	}
	return []byte(b.String() + "\r\n" + body)
}
