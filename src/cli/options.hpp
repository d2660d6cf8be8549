#pragma once

#include <optional>
#include <string>
#include <vector>

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

/// An option that may be given many times; each of its texts goes into `into` as it is.
inline CLI::Option* add_texts(CLI::App& app, const std::string& name,
                              std::vector<std::string>& into, const std::string& description) {
  // By `each`, which sees what was typed: a vector of CLI11's takes {} and %% for something else.
  return app.add_option(
                name, [](const CLI::results_t& /*texts*/) { return true; }, description)
      ->expected(1, -1)
      ->allow_extra_args(false)
      ->each([&into](const std::string& text) { into.push_back(text); })
      ->type_name("");
}

}  // namespace wapc::cli
