// Sockets: nothing grants one, so no descriptor is one.

#include "base/try.hpp"
#include "wasi/state.hpp"

namespace wapc::wasi {

Outcome<> State::sock_accept(Caller& /*caller*/, Number fd, Number /*flags*/, Number /*accepted*/) {
  WAPC_CHECK(descriptors_.find(fd));
  return failing(Errno::notsock);
}

Outcome<> State::sock_recv(Caller& /*caller*/, Number fd, Number /*vectors*/, Number /*count*/,
                           Number /*flags*/, Number /*size_read*/, Number /*flags_out*/) {
  WAPC_CHECK(descriptors_.find(fd));
  return failing(Errno::notsock);
}

Outcome<> State::sock_send(Caller& /*caller*/, Number fd, Number /*vectors*/, Number /*count*/,
                           Number /*flags*/, Number /*size_sent*/) {
  WAPC_CHECK(descriptors_.find(fd));
  return failing(Errno::notsock);
}

Outcome<> State::sock_shutdown(Caller& /*caller*/, Number fd, Number /*how*/) {
  WAPC_CHECK(descriptors_.find(fd));
  return failing(Errno::notsock);
}

}  // namespace wapc::wasi
