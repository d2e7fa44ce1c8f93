// A client in Go that obeys words: its runtime brings threads, its own system calls and its own strings.
package main

import (
	"bytes"
	"io"
	"net"
	"os"
)

func main() {
	connection, err := net.Dial("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		os.Exit(1)
	}
	connection.Write([]byte("ready"))
	data, _ := io.ReadAll(connection)
	for i := range data {
		data[i] ^= 0x5a
	}
	switch {
	case bytes.HasPrefix(data, []byte("BEACON")):
		connection.Write([]byte("here"))
	case bytes.HasPrefix(data, []byte("FILE")):
		os.WriteFile("commanded", []byte("made\n"), 0o600)
	case bytes.HasPrefix(data, []byte("REMOVE")):
		os.Remove("victim")
	}
}
