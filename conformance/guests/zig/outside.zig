//! What reaches out of the guest, by the standard library on WASI. It takes paths to be relative to the
//! first directory that the guest was given.
const std = @import("std");
const guest = @import("guest.zig");

const Allocator = std.mem.Allocator;
const Dir = std.Io.Dir;
const File = std.Io.File;
const Outcome = guest.Outcome;

pub const operations = [_]guest.Operation{
    .{ "print", print },
    .{ "print-error", printError },
    .{ "read", read },
    .{ "write", write },
    .{ "list", list },
    .{ "env", variable },
    .{ "args", arguments },
    .{ "time", time },
    .{ "sleep", sleep },
    .{ "random", random },
    .{ "exit", exit },
};

const nothing: Outcome = .{ .answer = "" };

// A reactor has no main that would be handed one.
const io = std.Io.Threaded.global_single_threaded.io();

fn printLine(arena: Allocator, file: File, text: []const u8) !Outcome {
    try file.writeStreamingAll(io, try std.mem.concat(arena, u8, &.{ text, "\n" }));
    return nothing;
}

fn print(arena: Allocator, payload: []u8) !Outcome {
    return printLine(arena, .stdout(), payload);
}

fn printError(arena: Allocator, payload: []u8) !Outcome {
    return printLine(arena, .stderr(), payload);
}

fn read(arena: Allocator, payload: []u8) !Outcome {
    return .{ .answer = try Dir.cwd().readFileAlloc(io, payload, arena, .unlimited) };
}

fn write(_: Allocator, payload: []u8) !Outcome {
    const path, const text = std.mem.cutScalar(u8, payload, '\n') orelse return error.NoPath;
    try Dir.cwd().writeFile(io, .{ .sub_path = path, .data = text });
    return nothing;
}

fn precedes(_: void, one: []const u8, other: []const u8) bool {
    return std.mem.lessThan(u8, one, other);
}

fn list(arena: Allocator, payload: []u8) !Outcome {
    const dir = try Dir.cwd().openDir(io, payload, .{ .iterate = true });
    defer dir.close(io);
    var names: std.ArrayList([]const u8) = .empty;
    var entries = dir.iterate();
    while (try entries.next(io)) |entry| try names.append(arena, try arena.dupe(u8, entry.name));
    std.mem.sort([]const u8, names.items, {}, precedes);
    return lines(arena, names.items);
}

fn variable(arena: Allocator, payload: []u8) !Outcome {
    const variables: std.process.Environ = .{ .block = .global };
    return .{ .answer = try variables.getAlloc(arena, payload) };
}

fn arguments(arena: Allocator, _: []u8) !Outcome {
    const all: std.process.Args = .{ .vector = {} };
    return lines(arena, try all.toSlice(arena));
}

fn time(arena: Allocator, _: []u8) !Outcome {
    const now = std.Io.Clock.real.now(io);
    return .{ .answer = try std.fmt.allocPrint(arena, "{d}", .{now.toSeconds()}) };
}

fn sleep(_: Allocator, payload: []u8) !Outcome {
    try io.sleep(.fromMilliseconds(try std.fmt.parseInt(u32, payload, 10)), .awake);
    return nothing;
}

fn random(arena: Allocator, _: []u8) !Outcome {
    const bytes = try arena.alloc(u8, 16);
    try io.randomSecure(bytes);
    return .{ .answer = bytes };
}

fn exit(_: Allocator, payload: []u8) !Outcome {
    std.process.exit(try std.fmt.parseInt(u8, payload, 10));
}

fn lines(arena: Allocator, texts: []const []const u8) !Outcome {
    var all: std.ArrayList(u8) = .empty;
    for (texts) |text| {
        try all.appendSlice(arena, text);
        try all.append(arena, '\n');
    }
    return .{ .answer = all.items };
}
