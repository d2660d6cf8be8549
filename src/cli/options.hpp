#pragma once

#include <optional>
#include <string>

#include <CLI/CLI.hpp>

namespace wapc::cli {

/// An option, or an argument by position, whose text goes into `into`; given but empty is not the
/// same as not given.
inline CLI::Option* add_text(CLI::App& app, const std::string& name,
                             std::optional<std::string>& into, const std::string& description) {
  return app
      .add_option_function<std::string>(
          name, [&into](const std::string& text) { into = text; }, description)
      ->type_name("");
}

}  // namespace wapc::cli
