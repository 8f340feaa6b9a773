package main

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// A Tally is what a mirror saw in the time of one Link.
type Tally struct {
	Requests    int            `json:"requests"`
	Connections int            `json:"connections"`
	Bytes       int            `json:"bytes"` // that were sent, headers included
	Most        int            `json:"most_at_once"`
	Faults      map[string]int `json:"faults"`
}

// A period is the time of one Link.
type period struct {
	link  Link
	since time.Time
}

// A mirror answers requests.
type mirror struct {
	files map[string][]byte
	pipe  pipe

	sync.Mutex
	period
	tally  Tally
	times  map[string]int // how often a path was asked for
	active int
	conns  int
}

func newMirror(files map[string][]byte) *mirror {
	m := &mirror{files: files}
	m.change(Link{})
	return m
}

// change puts a link in force and returns what was seen under the one before.
func (m *mirror) change(link Link) Tally {
	m.Lock()
	defer m.Unlock()
	before := m.tally
	m.period = period{link, time.Now()}
	m.tally = Tally{Faults: map[string]int{}}
	m.times = map[string]int{}
	m.conns = 0
	return before
}

func (m *mirror) now() period {
	m.Lock()
	defer m.Unlock()
	return m.period
}

// connected counts a connection and returns its number in this period.
func (m *mirror) connected() int {
	m.Lock()
	defer m.Unlock()
	m.tally.Connections++
	m.conns++
	return m.conns
}

// sent counts bytes.
func (m *mirror) sent(n int) {
	m.Lock()
	defer m.Unlock()
	m.tally.Bytes += n
}

// begin counts a request; returns the fault that it meets.
func (m *mirror) begin(path string, conn int) (string, Link) {
	m.Lock()
	defer m.Unlock()
	m.active++
	m.tally.Requests++
	m.tally.Most = max(m.tally.Most, m.active)
	m.times[path]++
	fate := m.link.fate(time.Since(m.since), path, m.times[path], conn)
	if fate != "" {
		m.tally.Faults[fate]++
	}
	return fate, m.link
}

func (m *mirror) end() {
	m.Lock()
	defer m.Unlock()
	m.active--
}

func (m *mirror) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn := connOf(r.Context())
	fate, link := m.begin(r.URL.Path, conn.number)
	defer m.end()
	delay := millis(link.RTT)
	if conn.first() {
		delay += millis(link.Connect)
	}
	time.Sleep(delay)

	body, found := m.files[r.URL.Path]
	switch {
	case fate == stall:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case fate == reset:
		conn.abort()
		panic(http.ErrAbortHandler)
	case fate == serverError:
		codes := []int{500, 502, 503, 504}
		http.Error(w, "a fault was asked for", codes[len(r.URL.Path)%len(codes)])
	case fate == tooMany:
		http.Error(w, "a fault was asked for", http.StatusTooManyRequests)
	case !found:
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		if fate == "" {
			w.Write(body)
			return
		}
		w.Write(body[:len(body)/2])
		w.(http.Flusher).Flush()
		if fate == stallBody {
			<-r.Context().Done()
		}
		if fate == resetBody {
			conn.abort()
		}
		panic(http.ErrAbortHandler)
	}
}
