#include "wasi/errno.hpp"

#include <cerrno>

namespace wapc::wasi {

// NOLINTNEXTLINE(readability-function-size): a table.
Errno errno_of(int number) noexcept {
  switch (number) {
    case 0: return Errno::success;
    case E2BIG: return Errno::too_big;
    case EACCES: return Errno::acces;
    case EAGAIN: return Errno::again;
    case EBADF: return Errno::badf;
    case EBUSY: return Errno::busy;
    case EDEADLK: return Errno::deadlk;
    case EDQUOT: return Errno::dquot;
    case EEXIST: return Errno::exist;
    case EFAULT: return Errno::fault;
    case EFBIG: return Errno::fbig;
    case EILSEQ: return Errno::ilseq;
    case EINTR: return Errno::intr;
    case EINVAL: return Errno::inval;
    case EIO: return Errno::io;
    case EISDIR: return Errno::isdir;
    case ELOOP: return Errno::loop;
    case EMFILE: return Errno::mfile;
    case EMLINK: return Errno::mlink;
    case ENAMETOOLONG: return Errno::nametoolong;
    case ENFILE: return Errno::nfile;
    case ENOBUFS: return Errno::nobufs;
    case ENODEV: return Errno::nodev;
    case ENOENT: return Errno::noent;
    case ENOLCK: return Errno::nolck;
    case ENOMEM: return Errno::nomem;
    case ENOSPC: return Errno::nospc;
    case ENOSYS: return Errno::nosys;
    case ENOTDIR: return Errno::notdir;
    case ENOTEMPTY: return Errno::notempty;
    case ENOTSUP: return Errno::notsup;
#if EOPNOTSUPP != ENOTSUP
    case EOPNOTSUPP: return Errno::notsup;
#endif
    case ENOTTY: return Errno::notty;
    case ENXIO: return Errno::nxio;
    case EOVERFLOW: return Errno::overflow;
    case EPERM: return Errno::perm;
    case EPIPE: return Errno::pipe;
    case EROFS: return Errno::rofs;
    case ESPIPE: return Errno::spipe;
    case ESTALE: return Errno::stale;
    case ETIMEDOUT: return Errno::timedout;
    case ETXTBSY: return Errno::txtbsy;
    case EXDEV: return Errno::xdev;
    default: return Errno::io;
  }
}

std::unexpected<Failure> failing_as_host() {
  return failing(errno_of(errno));
}

}  // namespace wapc::wasi
