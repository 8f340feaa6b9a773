// Command mirror serves folders as module proxies over made-up links: with a round trip, the price of a new connection, a
// bandwidth and faults.
//
//	mirror FOLDER
//
// It listens on a free port of 127.0.0.1 and prints {"url": …}. Each line of its standard input is a Link in JSON, which
// is in force from then on; the answer, one line of JSON, is the Tally of the time before. It ends with its input.
//
// Every file is held in memory and served by HTTP/1.1, so that what is measured is the client.
package main

import (
	"bufio"
	"encoding/json"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
)

func main() {
	files, err := read(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	mirror := newMirror(files)
	server := http.Server{Handler: mirror, ConnContext: withConn, ErrorLog: log.New(os.Stderr, "", 0)}
	go func() { log.Fatal(server.Serve(listenOn{listener, mirror})) }()

	answers := json.NewEncoder(os.Stdout)
	answers.Encode(map[string]string{"url": "http://" + listener.Addr().String()})
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var link Link
		if err := json.Unmarshal(lines.Bytes(), &link); err != nil {
			log.Fatalf("not a link: %s: %v", lines.Bytes(), err)
		}
		answers.Encode(mirror.change(link))
	}
}

// read returns every file below root by its path in a URL.
func read(root string) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		files["/"+filepath.ToSlash(rel)], err = os.ReadFile(path)
		return err
	})
	return files, err
}
