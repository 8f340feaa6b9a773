package main

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A chunk is what one connection may send before another has its turn; depth is how far the link may fall behind its
// schedule and catch up, so that a sleep that ends late costs nothing.
const (
	chunk = 8 << 10
	depth = 20 * time.Millisecond
)

// A pipe is what all connections share: the time at which the last byte that was accepted has left it.
type pipe struct {
	sync.Mutex
	free time.Time
}

// pass waits until n bytes more have left at so many bits per second.
func (p *pipe) pass(n int, rate float64) {
	p.Lock()
	if early := time.Now().Add(-depth); p.free.Before(early) {
		p.free = early
	}
	p.free = p.free.Add(time.Duration(float64(n*8) / rate * float64(time.Second)))
	left := p.free
	p.Unlock()
	time.Sleep(time.Until(left))
}

// listenOn gives each connection a number and the mirror's pipe.
type listenOn struct {
	net.Listener
	mirror *mirror
}

func (l listenOn) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: accepted, mirror: l.mirror, number: l.mirror.connected()}, nil
}

// A conn sends through its mirror's pipe.
type conn struct {
	net.Conn
	mirror *mirror
	number int
	used   atomic.Bool
}

func (c *conn) Write(data []byte) (int, error) {
	rate := c.mirror.now().link.Rate
	sent := 0
	for len(data) > 0 {
		part := data[:min(len(data), chunk)]
		if rate > 0 {
			c.mirror.pipe.pass(len(part), rate)
		}
		n, err := c.Conn.Write(part)
		c.mirror.sent(n)
		sent += n
		if err != nil {
			return sent, err
		}
		data = data[n:]
	}
	return sent, nil
}

// first tells whether this is the first request of the connection.
func (c *conn) first() bool {
	return !c.used.Swap(true)
}

// abort has the connection end in a reset when it is closed.
func (c *conn) abort() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
}

type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

func connOf(ctx context.Context) *conn {
	return ctx.Value(connKey{}).(*conn)
}
