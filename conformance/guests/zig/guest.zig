//! A guest in Zig, without an SDK. It is built twice: without an operating system, and on WASI, where it
//! answers what outside.zig has too. Each call has an arena of its own.
const builtin = @import("builtin");
const std = @import("std");

extern "wapc" fn __guest_request(operation: [*]u8, payload: [*]u8) void;
extern "wapc" fn __guest_response(answer: [*]const u8, length: usize) void;
extern "wapc" fn __guest_error(text: [*]const u8, length: usize) void;
extern "wapc" fn __host_call(
    binding: [*]const u8,
    binding_length: usize,
    namespace: [*]const u8,
    namespace_length: usize,
    operation: [*]const u8,
    operation_length: usize,
    payload: [*]const u8,
    payload_length: usize,
) u32;
extern "wapc" fn __host_response_len() usize;
extern "wapc" fn __host_response(answer: [*]u8) void;
extern "wapc" fn __host_error_len() usize;
extern "wapc" fn __host_error(text: [*]u8) void;
extern "wapc" fn __console_log(line: [*]const u8, length: usize) void;

const Allocator = std.mem.Allocator;

/// What an operation or the host gave.
pub const Outcome = union(enum) {
    answer: []const u8,
    failure: []const u8,
};

/// The name of an error that it returns is the guest's error.
pub const Operation = struct { []const u8, *const fn (arena: Allocator, payload: []u8) anyerror!Outcome };

const operations = [_]Operation{
    .{ "echo", echo },
    .{ "wapc:sample!Hello", hello },
    .{ "fail", fail },
    .{ "host", relay },
    .{ "log", log },
    .{ "panic", panic },
} ++ if (builtin.os.tag == .wasi) @import("outside.zig").operations else [_]Operation{};

fn echo(_: Allocator, payload: []u8) anyerror!Outcome {
    return .{ .answer = payload };
}

fn hello(arena: Allocator, payload: []u8) anyerror!Outcome {
    return switch (try hostCall(arena, "myBinding", "wapc:sample", "Ping", payload)) {
        .answer => .{ .answer = "hello world!" },
        .failure => |text| .{ .failure = try std.mem.concat(arena, u8, &.{ "host call failed: ", text }) },
    };
}

fn fail(_: Allocator, payload: []u8) anyerror!Outcome {
    return .{ .failure = if (payload.len == 0) "failed on purpose" else payload };
}

fn relay(arena: Allocator, payload: []u8) anyerror!Outcome {
    return hostCall(arena, "conformance", "guest", "relay", payload);
}

fn log(_: Allocator, payload: []u8) anyerror!Outcome {
    __console_log(payload.ptr, payload.len);
    return .{ .answer = "" };
}

fn panic(_: Allocator, payload: []u8) anyerror!Outcome {
    @panic(payload);
}

fn hostCall(
    arena: Allocator,
    binding: []const u8,
    namespace: []const u8,
    operation: []const u8,
    payload: []const u8,
) Allocator.Error!Outcome {
    if (__host_call(
        binding.ptr,
        binding.len,
        namespace.ptr,
        namespace.len,
        operation.ptr,
        operation.len,
        payload.ptr,
        payload.len,
    ) == 1) {
        const answer = try arena.alloc(u8, __host_response_len());
        __host_response(answer.ptr);
        return .{ .answer = answer };
    }
    const text = try arena.alloc(u8, __host_error_len());
    __host_error(text.ptr);
    return .{ .failure = text };
}

fn dispatch(arena: Allocator, operation_length: usize, payload_length: usize) anyerror!Outcome {
    const name = try arena.alloc(u8, operation_length);
    const payload = try arena.alloc(u8, payload_length);
    __guest_request(name.ptr, payload.ptr);
    for (operations) |operation| {
        if (std.mem.eql(u8, operation[0], name)) return operation[1](arena, payload);
    }
    return .{ .failure = try std.mem.concat(arena, u8, &.{ "No handler registered for function ", name }) };
}

export fn __guest_call(operation_length: usize, payload_length: usize) u32 {
    var arena = std.heap.ArenaAllocator.init(std.heap.wasm_allocator);
    defer arena.deinit();

    const outcome = dispatch(arena.allocator(), operation_length, payload_length) catch |err|
        Outcome{ .failure = @errorName(err) };
    switch (outcome) {
        .answer => |bytes| __guest_response(bytes.ptr, bytes.len),
        .failure => |text| __guest_error(text.ptr, text.len),
    }
    return @intFromBool(outcome == .answer);
}
