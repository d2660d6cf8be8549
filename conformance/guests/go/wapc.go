package main

import (
	"errors"
	"fmt"
	"unsafe"
)

// The functions that a waPC host lends to its guests. Each copies at once.

//go:wasmimport wapc __guest_request
func guestRequest(operation, payload unsafe.Pointer)

//go:wasmimport wapc __guest_response
func guestResponse(answer unsafe.Pointer, length uint32)

//go:wasmimport wapc __guest_error
func guestError(text unsafe.Pointer, length uint32)

//go:wasmimport wapc __host_call
func hostCallImport(binding unsafe.Pointer, bindingLength uint32, namespace unsafe.Pointer,
	namespaceLength uint32, operation unsafe.Pointer, operationLength uint32,
	payload unsafe.Pointer, payloadLength uint32) uint32

//go:wasmimport wapc __host_response_len
func hostResponseLength() uint32

//go:wasmimport wapc __host_response
func hostResponse(answer unsafe.Pointer)

//go:wasmimport wapc __host_error_len
func hostErrorLength() uint32

//go:wasmimport wapc __host_error
func hostError(text unsafe.Pointer)

//go:wasmimport wapc __console_log
func consoleLogImport(line unsafe.Pointer, length uint32)

type operation func(payload []byte) ([]byte, error)

var operations = map[string]operation{}

func register(name string, call operation) { operations[name] = call }

//go:wasmexport __guest_call
func guestCall(operationLength, payloadLength uint32) uint32 {
	name := make([]byte, operationLength)
	payload := make([]byte, payloadLength)
	guestRequest(address(name), address(payload))

	answer, err := dispatch(string(name), payload)
	if err != nil {
		text := []byte(err.Error())
		guestError(address(text), uint32(len(text)))
		return 0
	}
	guestResponse(address(answer), uint32(len(answer)))
	return 1
}

func dispatch(name string, payload []byte) ([]byte, error) {
	call, found := operations[name]
	if !found {
		return nil, fmt.Errorf("No handler registered for function %s", name)
	}
	return call(payload)
}

func hostCall(binding, namespace, name string, payload []byte) ([]byte, error) {
	done := hostCallImport(
		unsafe.Pointer(unsafe.StringData(binding)), uint32(len(binding)),
		unsafe.Pointer(unsafe.StringData(namespace)), uint32(len(namespace)),
		unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)),
		address(payload), uint32(len(payload)))
	if done != 1 {
		text := make([]byte, hostErrorLength())
		hostError(address(text))
		return nil, errors.New(string(text))
	}
	reply := make([]byte, hostResponseLength())
	hostResponse(address(reply))
	return reply, nil
}

func consoleLog(line string) {
	consoleLogImport(unsafe.Pointer(unsafe.StringData(line)), uint32(len(line)))
}

func address(bytes []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(bytes)) }
