#pragma once

// All that a program needs to call guests, but for the engine, whose header is in wapc/providers/.

#include "wapc/base/budget.hpp"
#include "wapc/base/bytes.hpp"
#include "wapc/base/error.hpp"
#include "wapc/base/log.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/engine/features.hpp"
#include "wapc/engine/function_type.hpp"
#include "wapc/engine/guest_memory.hpp"
#include "wapc/engine/host_function.hpp"
#include "wapc/engine/link.hpp"
#include "wapc/engine/trap.hpp"
#include "wapc/host/guest_module.hpp"
#include "wapc/host/host.hpp"
#include "wapc/rpc/host_handler.hpp"
#include "wapc/rpc/invoker.hpp"
#include "wapc/wasi/command.hpp"
#include "wapc/wasi/output_buffer.hpp"
#include "wapc/wasi/wasi.hpp"
#include "wapc/wasi/wasi_config.hpp"
