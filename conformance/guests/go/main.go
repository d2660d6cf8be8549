// A guest in Go, by the ordinary compiler: a WASI reactor, whose `_initialize` starts the Go runtime and
// has to run before the first call. The public SDK is for TinyGo, so wapc.go binds the protocol itself.
package main

import (
	"errors"
	"fmt"
)

func init() {
	register("echo", func(payload []byte) ([]byte, error) { return payload, nil })
	register("wapc:sample!Hello", hello)
	register("fail", fail)
	register("host", func(payload []byte) ([]byte, error) {
		return hostCall("conformance", "guest", "relay", payload)
	})
	register("log", func(payload []byte) ([]byte, error) {
		consoleLog(string(payload))
		return nil, nil
	})
	register("panic", func(payload []byte) ([]byte, error) { panic(string(payload)) })
	registerOutside()
}

func hello(payload []byte) ([]byte, error) {
	if _, err := hostCall("myBinding", "wapc:sample", "Ping", payload); err != nil {
		return nil, fmt.Errorf("host call failed: %w", err)
	}
	return []byte("hello world!"), nil
}

func fail(payload []byte) ([]byte, error) {
	if len(payload) == 0 {
		return nil, errors.New("failed on purpose")
	}
	return nil, errors.New(string(payload))
}

// Never called: a reactor has no main of its own, but the compiler asks for one.
func main() {}
