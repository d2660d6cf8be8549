// The Go host of waPC, which runs on wazero: the module of waPC's own cannot be had everywhere, so
// this does what it does. The conversation of a call travels in the call's context, host functions are
// defined without reflection, what is read is a view of the guest's memory, and each instance has a
// name of its own.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

type host struct {
	runtime   wazero.Runtime
	module    wazero.CompiledModule
	instances atomic.Uint64
}

type instance struct {
	module    api.Module
	guestCall api.Function
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func newHost(ctx context.Context, guest []byte) *host {
	runtime := wazero.NewRuntime(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, runtime)
	check(exportConversation(ctx, runtime))
	module, err := runtime.CompileModule(ctx, guest)
	check(err)
	return &host{runtime: runtime, module: module}
}

func (h *host) instance(ctx context.Context) *instance {
	config := wazero.NewModuleConfig().
		WithStartFunctions().
		WithName(strconv.FormatUint(h.instances.Add(1), 10))
	module, err := h.runtime.InstantiateModule(ctx, h.module, config)
	check(err)
	for _, name := range []string{"_start", "wapc_init"} {
		if start := module.ExportedFunction(name); start != nil {
			_, err := start.Call(ctx)
			check(err)
		}
	}
	return &instance{module, module.ExportedFunction("__guest_call")}
}

func (i *instance) call(ctx context.Context, operation string, payload []byte) {
	talk := conversation{operation: operation, payload: payload}
	ctx = context.WithValue(ctx, conversationKey{}, &talk)
	results, err := i.guestCall.Call(ctx, uint64(len(operation)), uint64(len(payload)))
	check(err)
	if results[0] != 1 || talk.guestError != "" || len(talk.response) != len(payload) {
		panic("another response than was asked for")
	}
}

// Compiles the module; from the folder when it is named and has it.
func load(ctx context.Context, large []byte, folder string) {
	config := wazero.NewRuntimeConfig()
	if folder != "" {
		cache, err := wazero.NewCompilationCacheWithDir(folder)
		check(err)
		defer cache.Close(ctx)
		config = config.WithCompilationCache(cache)
	}
	runtime := wazero.NewRuntimeWithConfig(ctx, config)
	defer runtime.Close(ctx)
	_, err := runtime.CompileModule(ctx, large)
	check(err)
}

// Does the work again and again for a slice of time; returns nanoseconds for one.
func repeat(slice time.Duration, work func()) float64 {
	done, batch := 0, 1
	for start := time.Now(); ; {
		for range batch {
			work()
		}
		done += batch
		passed := time.Since(start)
		if passed >= slice {
			return float64(passed.Nanoseconds()) / float64(done)
		}
		if passed*16 < slice {
			batch *= 2 // So that looking at the clock costs nothing.
		}
	}
}

func (h *host) onThreads(ctx context.Context, count int, slice time.Duration) float64 {
	payload := make([]byte, 64)
	start := make(chan struct{})
	times := make(chan float64)
	for range count {
		own := h.instance(ctx)
		defer own.module.Close(ctx)
		own.call(ctx, "echo", payload)
		go func() {
			<-start
			times <- repeat(slice, func() { own.call(ctx, "echo", payload) })
		}()
	}
	close(start)
	rate := 0.0
	for range count {
		rate += 1 / <-times
	}
	return 1 / rate
}

func main() {
	ctx := context.Background()
	guest, err := os.ReadFile(os.Args[1])
	check(err)
	large, err := os.ReadFile(os.Args[2])
	check(err)
	host := newHost(ctx, guest)
	own := host.instance(ctx)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var row string
		var size int
		var seconds float64
		_, err := fmt.Sscan(lines.Text(), &row, &size, &seconds)
		check(err)
		slice := time.Duration(seconds * float64(time.Second))
		switch row {
		case "nop":
			fmt.Println(repeat(slice, func() { own.call(ctx, "nop", nil) }))
		case "echo":
			payload := make([]byte, size)
			fmt.Println(repeat(slice, func() { own.call(ctx, "echo", payload) }))
		case "host":
			fmt.Println(repeat(slice, func() { own.call(ctx, "host", nil) }) / 1000)
		case "fresh":
			fmt.Println(repeat(slice, func() {
				fresh := host.instance(ctx)
				fresh.call(ctx, "nop", nil)
				check(fresh.module.Close(ctx))
			}))
		case "load":
			fmt.Println(repeat(slice, func() { load(ctx, large, "") }))
		case "cached":
			load(ctx, large, os.Args[3])
			fmt.Println(repeat(slice, func() { load(ctx, large, os.Args[3]) }))
		case "threads":
			fmt.Println(host.onThreads(ctx, size, slice))
		default:
			fmt.Println("-")
		}
	}
}
