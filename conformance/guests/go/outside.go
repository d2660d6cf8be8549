package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// What reaches out of the guest, by the standard library on WASI.
func registerOutside() {
	register("print", func(payload []byte) ([]byte, error) {
		_, err := fmt.Println(string(payload))
		return nil, err
	})
	register("print-error", func(payload []byte) ([]byte, error) {
		_, err := fmt.Fprintln(os.Stderr, string(payload))
		return nil, err
	})
	register("read", func(payload []byte) ([]byte, error) { return os.ReadFile(string(payload)) })
	register("write", write)
	register("list", list)
	register("env", variable)
	register("args", func([]byte) ([]byte, error) { return lines(os.Args), nil })
	register("time", func([]byte) ([]byte, error) {
		return strconv.AppendInt(nil, time.Now().Unix(), 10), nil
	})
	register("sleep", sleep)
	register("random", func([]byte) ([]byte, error) {
		bytes := make([]byte, 16)
		_, err := rand.Read(bytes)
		return bytes, err
	})
	register("exit", func(payload []byte) ([]byte, error) {
		code, err := strconv.Atoi(string(payload))
		if err == nil {
			os.Exit(code)
		}
		return nil, err
	})
}

func write(payload []byte) ([]byte, error) {
	path, text, found := bytes.Cut(payload, []byte("\n"))
	if !found {
		return nil, errors.New("no path")
	}
	return nil, os.WriteFile(string(path), text, 0o666)
}

func list(payload []byte) ([]byte, error) {
	entries, err := os.ReadDir(string(payload))
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return lines(names), err
}

func variable(payload []byte) ([]byte, error) {
	value, found := os.LookupEnv(string(payload))
	if !found {
		return nil, errors.New("no such variable")
	}
	return []byte(value), nil
}

// Two goroutines sleep at the same time, and meet in a channel.
func sleep(payload []byte) ([]byte, error) {
	milliseconds, err := strconv.Atoi(string(payload))
	if err != nil {
		return nil, err
	}
	awake := make(chan struct{})
	for range 2 {
		go func() {
			time.Sleep(time.Duration(milliseconds) * time.Millisecond)
			awake <- struct{}{}
		}()
	}
	<-awake
	<-awake
	return nil, nil
}

func lines(texts []string) []byte {
	var all []byte
	for _, text := range texts {
		all = append(append(all, text...), '\n')
	}
	return all
}
