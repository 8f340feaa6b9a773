package main

import (
	"fmt"
	"hash/fnv"
	"sort"
	"time"
)

// A Link says how requests fare. The zero Link answers at once.
type Link struct {
	// Milliseconds from a request to the first byte of its answer.
	RTT float64 `json:"rtt_ms"`
	// Milliseconds more for the first request of a connection: TCP and TLS are two round trips.
	Connect float64 `json:"connect_ms"`
	// Bits per second of all connections together, headers included; 0 is without bound.
	Rate float64 `json:"bits_per_second"`
	// The share of requests that meet each kind of fault, from 0 to 1.
	Faults map[string]float64 `json:"faults"`
	// Whether the share is of connections: one that is faulty is so for every request on it.
	PerConnection bool `json:"per_connection"`
	// For this many milliseconds from the start, every request meets one of the kinds in Faults, whatever their shares.
	Burst float64 `json:"burst_ms"`
	// What chance depends on.
	Seed int64 `json:"seed"`
}

// The kinds of fault.
const (
	serverError = "5xx"        // one of 500, 502, 503, 504
	tooMany     = "429"        // without Retry-After
	reset       = "reset"      // the connection is reset in place of an answer
	resetBody   = "reset-body" // … in the middle of the body
	truncation  = "truncation" // the body ends too early, in good order
	stall       = "stall"      // silence in place of an answer, for ever
	stallBody   = "stall-body" // … in the middle of the body
)

// fate names the fault that a request meets, or "". A request is told by its path and how often that was asked for, or
// by its connection, so one seed gives one fate in whatever order requests come.
func (l Link) fate(age time.Duration, path string, nth, conn int) string {
	kinds := make([]string, 0, len(l.Faults))
	for kind := range l.Faults {
		kinds = append(kinds, kind)
	}
	sort.Strings(kinds)
	key := fmt.Sprintf("%d %s %d", l.Seed, path, nth)
	if l.PerConnection {
		key = fmt.Sprintf("%d connection %d", l.Seed, conn)
	}
	chance := draw(key)
	if age < millis(l.Burst) && len(kinds) > 0 {
		return kinds[int(chance*float64(len(kinds)))]
	}
	for _, kind := range kinds {
		if chance -= l.Faults[kind]; chance < 0 {
			return kind
		}
	}
	return ""
}

// draw makes a number from 0 to 1, exclusive, of a text.
func draw(key string) float64 {
	sum := fnv.New64a()
	sum.Write([]byte(key))
	// FNV spreads its last bytes badly over the high bits; this is the finalizer of MurmurHash3.
	x := sum.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return float64(x>>11) / (1 << 53)
}

func millis(n float64) time.Duration {
	return time.Duration(n * float64(time.Millisecond))
}
