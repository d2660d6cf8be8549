#include "tenants/entry.hpp"

namespace wapc::tenants {

PoolStats with_earlier(PoolStats pool, const PoolStats& earlier) {
  pool.calls += earlier.calls;
  for (std::size_t code = 0; code < earlier.failures_by_code.size(); ++code) {
    pool.failures_by_code[code] += earlier.failures_by_code[code];
  }
  pool.waits += earlier.waits;
  pool.waiting += earlier.waiting;
  pool.running += earlier.running;
  pool.host_calls += earlier.host_calls;
  pool.started += earlier.started;
  pool.failed_starts += earlier.failed_starts;
  pool.spent += earlier.spent;
  pool.recycled += earlier.recycled;
  pool.dropped_idle += earlier.dropped_idle;
  return pool;
}

}  // namespace wapc::tenants
