// Linked into test programs that use wasmtime. Its library is not instrumented, so ThreadSanitizer
// sees what its threads allocate and free, but not how they agree on it. Our code stays watched,
// called from there or not: all but its writes to guest memory, and those of guest code itself,
// which wasmtime hands from one thread to another by system calls and locks that ThreadSanitizer
// does not see, and a lock of libgcc's that it takes by way of JIT-compiled code's unwind tables.

#if defined(__SANITIZE_THREAD__)
// The name is ThreadSanitizer's, which asks for it.
extern "C" const char* __tsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier)

extern "C" const char* __tsan_default_suppressions() {
  return "called_from_lib:libwasmtime.so\n"
         "signal:libwasmtime.so\n"
         "race:^wapc::write\n"
         "race:^wapc::store\n"
         "race:memfd:wapc artefact\n"
         "mutex:__register_frame_info\n"
         "mutex:__deregister_frame_info\n"
         "mutex:_Unwind_Find_FDE\n"
         "race:^__register_frame_info\n"
         "race:^__deregister_frame_info\n";
}
#endif
