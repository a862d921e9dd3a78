package main

import (
	"net"
	"sync"
	"sync/atomic"
)

// wire is between the server and its database, and can be cut.
type wire struct {
	listener net.Listener
	dial     func() (net.Conn, error)

	mu    sync.Mutex
	pairs map[*pair]bool
}

// pair is a connection of the server's, and the database's end of it.
type pair struct {
	near, far net.Conn
	silent    atomic.Bool // nothing arrives any more, and nobody is told
}

func newWire(dial func() (net.Conn, error)) (*wire, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &wire{listener: l, dial: dial, pairs: map[*pair]bool{}}
	go w.accept()
	return w, nil
}

func (w *wire) address() string { return w.listener.Addr().String() }

func (w *wire) accept() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		go w.join(near)
	}
}

func (w *wire) join(near net.Conn) {
	far, err := w.dial()
	if err != nil { // the database is down: as if nobody listened
		reset(near)
		return
	}
	p := &pair{near: near, far: far}
	w.mu.Lock()
	w.pairs[p] = true
	w.mu.Unlock()
	go p.carry(far, near)
	p.carry(near, far)
	w.mu.Lock()
	delete(w.pairs, p)
	w.mu.Unlock()
}

// carry ends when either side does; then so does the other, unless the wire is
// silent, when nobody is told.
func (p *pair) carry(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if p.silent.Load() {
			if err != nil {
				return
			}
			continue
		}
		if n > 0 {
			if _, failed := to.Write(buffer[:n]); failed != nil {
				err = failed
			}
		}
		if err != nil {
			_ = p.near.Close()
			_ = p.far.Close()
			return
		}
	}
}

func (w *wire) each(do func(*pair)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for p := range w.pairs {
		do(p)
	}
}

// drop resets every connection.
func (w *wire) drop() {
	w.each(func(p *pair) {
		reset(p.near)
		_ = p.far.Close()
	})
}

// silence leaves every connection half open: the database sees it end, the
// server sees nothing at all. New ones work.
func (w *wire) silence() {
	w.each(func(p *pair) {
		p.silent.Store(true)
		_ = p.far.Close()
	})
}

func (w *wire) close() {
	_ = w.listener.Close()
	w.drop()
}

func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = c.Close()
}
