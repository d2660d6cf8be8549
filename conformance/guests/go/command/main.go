// A program for WASI in Go; knows nothing of waPC.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

func main() {
	fmt.Println("arguments:", strings.Join(os.Args, " "))
	fmt.Println("GREETING:", os.Getenv("GREETING"))
	for _, path := range os.Args[1:] {
		text, err := os.ReadFile(path)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%s: %s", path, text)
	}
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		fmt.Println(">", input.Text())
	}
	fmt.Fprintln(os.Stderr, "that is all")
	os.Exit(7)
}
