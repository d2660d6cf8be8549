// The functions that a waPC host lends to its guests, and the one it calls: the whole protocol, as
// C and C++ see it. Lengths are bytes; texts are UTF-8 without a terminator. Every function copies
// at once, so a buffer may be used again as soon as it returns.
#pragma once

#include <stddef.h>

#define WAPC_IMPORT(name) __attribute__((import_module("wapc"), import_name(name)))

#ifdef __cplusplus
extern "C" {
#endif

/// Writes the operation and the payload of the current call; the lengths are __guest_call's.
WAPC_IMPORT("__guest_request") void wapc_guest_request(char* operation, char* payload);
WAPC_IMPORT("__guest_response") void wapc_guest_response(const char* answer, size_t length);
WAPC_IMPORT("__guest_error") void wapc_guest_error(const char* text, size_t length);

/// 1 for an answer, 0 for an error, which the two functions after it then hand out.
WAPC_IMPORT("__host_call")
int wapc_host_call(const char* binding, size_t binding_length, const char* name_space,
                   size_t name_space_length, const char* operation, size_t operation_length,
                   const char* payload, size_t payload_length);
WAPC_IMPORT("__host_response_len") size_t wapc_host_response_length(void);
WAPC_IMPORT("__host_response") void wapc_host_response(char* answer);
WAPC_IMPORT("__host_error_len") size_t wapc_host_error_length(void);
WAPC_IMPORT("__host_error") void wapc_host_error(char* text);

WAPC_IMPORT("__console_log") void wapc_console_log(const char* line, size_t length);

/// Defined by the guest. 1 when it has given an answer, 0 when it has given an error.
__attribute__((export_name("__guest_call"))) int wapc_guest_call(size_t operation_length,
                                                                 size_t payload_length);

#ifdef __cplusplus
}
#endif
