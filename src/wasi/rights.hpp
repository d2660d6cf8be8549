#pragma once

#include <cstdint>

// What may be done with a descriptor (witx: `rights`).

namespace wapc::wasi {

using Rights = std::uint64_t;

namespace rights {

// NOLINTBEGIN(readability-identifier-naming): the specification's own names.

inline constexpr Rights fd_datasync = 1U << 0U;
inline constexpr Rights fd_read = 1U << 1U;
inline constexpr Rights fd_seek = 1U << 2U;
inline constexpr Rights fd_fdstat_set_flags = 1U << 3U;
inline constexpr Rights fd_sync = 1U << 4U;
inline constexpr Rights fd_tell = 1U << 5U;
inline constexpr Rights fd_write = 1U << 6U;
inline constexpr Rights fd_advise = 1U << 7U;
inline constexpr Rights fd_allocate = 1U << 8U;
inline constexpr Rights path_create_directory = 1U << 9U;
inline constexpr Rights path_create_file = 1U << 10U;
inline constexpr Rights path_link_source = 1U << 11U;
inline constexpr Rights path_link_target = 1U << 12U;
inline constexpr Rights path_open = 1U << 13U;
inline constexpr Rights fd_readdir = 1U << 14U;
inline constexpr Rights path_readlink = 1U << 15U;
inline constexpr Rights path_rename_source = 1U << 16U;
inline constexpr Rights path_rename_target = 1U << 17U;
inline constexpr Rights path_filestat_get = 1U << 18U;
inline constexpr Rights path_filestat_set_size = 1U << 19U;
inline constexpr Rights path_filestat_set_times = 1U << 20U;
inline constexpr Rights fd_filestat_get = 1U << 21U;
inline constexpr Rights fd_filestat_set_size = 1U << 22U;
inline constexpr Rights fd_filestat_set_times = 1U << 23U;
inline constexpr Rights path_symlink = 1U << 24U;
inline constexpr Rights path_remove_directory = 1U << 25U;
inline constexpr Rights path_unlink_file = 1U << 26U;
inline constexpr Rights poll_fd_readwrite = 1U << 27U;
inline constexpr Rights sock_shutdown = 1U << 28U;
inline constexpr Rights sock_accept = 1U << 29U;
inline constexpr Rights every = (1U << 30U) - 1;

/// Of a regular file that is open for reading and writing.
inline constexpr Rights file = fd_datasync | fd_read | fd_seek | fd_fdstat_set_flags | fd_sync |
                               fd_tell | fd_write | fd_advise | fd_allocate | fd_filestat_get |
                               fd_filestat_set_size | fd_filestat_set_times | poll_fd_readwrite;

/// Of a directory.
inline constexpr Rights directory =
    path_create_directory | path_create_file | path_link_source | path_link_target | path_open |
    fd_readdir | path_readlink | path_rename_source | path_rename_target | path_filestat_get |
    path_filestat_set_size | path_filestat_set_times | fd_filestat_get | fd_filestat_set_times |
    path_symlink | path_remove_directory | path_unlink_file;

/// Of standard input, and of standard output and error.
inline constexpr Rights input = fd_read | fd_fdstat_set_flags | fd_filestat_get | poll_fd_readwrite;
inline constexpr Rights output =
    fd_write | fd_fdstat_set_flags | fd_filestat_get | poll_fd_readwrite;

// NOLINTEND(readability-identifier-naming)

}  // namespace rights

}  // namespace wapc::wasi
