package main

import (
	"context"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// What host and guest say to each other in one call.
type conversation struct {
	operation  string
	payload    []byte
	response   []byte
	guestError string
	reply      []byte
}

type conversationKey struct{}

func talkOf(ctx context.Context) *conversation {
	talk, _ := ctx.Value(conversationKey{}).(*conversation)
	return talk
}

func view(module api.Module, start, length uint64) []byte {
	bytes, inside := module.Memory().Read(uint32(start), uint32(length))
	if !inside {
		panic("a pointer outside the memory")
	}
	return bytes
}

func text(module api.Module, start, length uint64) string {
	return string(view(module, start, length))
}

func write(module api.Module, start uint64, bytes []byte) {
	if !module.Memory().Write(uint32(start), bytes) {
		panic("a pointer outside the memory")
	}
}

// What the program answers to its guests.
func handle(_ context.Context, _, _, _ string, payload []byte) ([]byte, error) {
	return append([]byte(nil), payload...), nil
}

func hostCall(ctx context.Context, module api.Module, stack []uint64) {
	talk := talkOf(ctx)
	binding := text(module, stack[0], stack[1])
	namespace := text(module, stack[2], stack[3])
	operation := text(module, stack[4], stack[5])
	reply, err := handle(ctx, binding, namespace, operation, view(module, stack[6], stack[7]))
	check(err)
	talk.reply = reply
	stack[0] = 1
}

// Offers guests the functions that they need; the large module is only compiled and needs none.
func exportConversation(ctx context.Context, runtime wazero.Runtime) error {
	builder := runtime.NewHostModuleBuilder("wapc")
	export := func(name string, parameters, results int, body api.GoModuleFunc) {
		integers := func(count int) []api.ValueType {
			types := make([]api.ValueType, count)
			for i := range types {
				types[i] = api.ValueTypeI32
			}
			return types
		}
		builder.NewFunctionBuilder().
			WithGoModuleFunction(body, integers(parameters), integers(results)).
			Export(name)
	}
	export("__guest_request", 2, 0, func(ctx context.Context, module api.Module, stack []uint64) {
		talk := talkOf(ctx)
		operation, payload := stack[0], stack[1]
		write(module, operation, []byte(talk.operation))
		write(module, payload, talk.payload)
	})
	export("__guest_response", 2, 0, func(ctx context.Context, module api.Module, stack []uint64) {
		talkOf(ctx).response = view(module, stack[0], stack[1])
	})
	export("__guest_error", 2, 0, func(ctx context.Context, module api.Module, stack []uint64) {
		talkOf(ctx).guestError = text(module, stack[0], stack[1])
	})
	export("__host_call", 8, 1, hostCall)
	export("__host_response_len", 0, 1, func(ctx context.Context, _ api.Module, stack []uint64) {
		stack[0] = uint64(len(talkOf(ctx).reply))
	})
	export("__host_response", 1, 0, func(ctx context.Context, module api.Module, stack []uint64) {
		write(module, stack[0], talkOf(ctx).reply)
	})
	_, err := builder.Instantiate(ctx)
	return err
}
