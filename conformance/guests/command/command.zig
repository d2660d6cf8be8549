//! A program for WASI in Zig; knows nothing of waPC.
const std = @import("std");

pub fn main(init: std.process.Init) !u8 {
    const io = init.io;
    const arena = init.arena.allocator();
    var buffer: [4096]u8 = undefined;
    var stdout = std.Io.File.stdout().writerStreaming(io, &buffer);
    const out = &stdout.interface;

    const arguments = try init.minimal.args.toSlice(arena);
    try out.print("arguments:", .{});
    for (arguments) |argument| try out.print(" {s}", .{argument});
    try out.print("\nGREETING: {s}\n", .{init.environ_map.get("GREETING") orelse "not set"});
    for (arguments[1..]) |path| {
        if (std.Io.Dir.cwd().readFileAlloc(io, path, arena, .unlimited)) |text| {
            try out.print("{s}: {s}", .{ path, text });
        } else |err| {
            try out.print("{s}: {t}\n", .{ path, err });
        }
    }
    var input_buffer: [4096]u8 = undefined;
    var stdin = std.Io.File.stdin().readerStreaming(io, &input_buffer);
    while (try stdin.interface.takeDelimiter('\n')) |line| try out.print("> {s}\n", .{line});
    try out.flush();
    try std.Io.File.stderr().writeStreamingAll(io, "that is all\n");
    return 7;
}
