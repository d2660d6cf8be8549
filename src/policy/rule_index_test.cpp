#include "policy/rule_index.hpp"

#include <string>

#include <gtest/gtest.h>

namespace wapc {
namespace {

std::optional<std::size_t> found(const RuleIndex& index, std::string_view binding,
                                 std::string_view name_space, std::string_view operation) {
  const Budget budget;
  return index.find({.guest_id = 1,
                     .binding = binding,
                     .name_space = name_space,
                     .operation = operation,
                     .payload = {},
                     .budget = budget});
}

TEST(RuleIndexTest, FindsExactRules) {
  const RuleIndex index{{{{"a"}, {"b"}, {"c"}}, {{"a"}, {"b"}, {"d", "e"}}}};

  EXPECT_EQ(found(index, "a", "b", "c"), 0U);
  EXPECT_EQ(found(index, "a", "b", "d"), 1U);
  EXPECT_EQ(found(index, "a", "b", "e"), 1U);
  EXPECT_EQ(found(index, "a", "b", "f"), std::nullopt);
  EXPECT_EQ(found(index, "ab", "", "c"), std::nullopt);
}

TEST(RuleIndexTest, FindsTheFirstOfExactRulesAndGlobs) {
  const RuleIndex index{
      {{{"a"}, {"*"}, {"x"}}, {{"a"}, {"b"}, {"c"}}, {{"*"}, {"*"}, {"*"}}, {{"a"}, {"b"}, {"x"}}}};

  EXPECT_EQ(found(index, "a", "b", "x"), 0U);
  EXPECT_EQ(found(index, "a", "b", "c"), 1U);
  EXPECT_EQ(found(index, "a", "b", "d"), 2U);
}

TEST(RuleIndexTest, OfTheSameCallTwiceTheFirstRuleCounts) {
  const RuleIndex index{{{{"a"}, {"b"}, {"c", "c"}}, {{"a"}, {"b"}, {"c"}}}};

  EXPECT_EQ(found(index, "a", "b", "c"), 0U);
}

TEST(RuleIndexTest, FindsEachOfManyRules) {
  std::vector<HostCallNames> rules;
  for (int i = 0; i < 1000; ++i) rules.push_back({{"kv"}, {"cache"}, {"op" + std::to_string(i)}});
  const RuleIndex index{rules};

  for (std::size_t i = 0; i < rules.size(); ++i) {
    EXPECT_EQ(found(index, "kv", "cache", rules[i].operations.front()), i);
  }
  EXPECT_EQ(found(index, "kv", "cache", "op1000"), std::nullopt);
}

TEST(RuleIndexTest, FindsRulesWithMoreNamesThanItTabulates) {
  HostCallNames names{{}, {}, {}};
  for (int i = 0; i < 30; ++i) {
    names.bindings.push_back("b" + std::to_string(i));
    names.operations.push_back("o" + std::to_string(i));
  }
  names.name_spaces = {"n"};
  const RuleIndex index{{names}};

  EXPECT_EQ(found(index, "b29", "n", "o29"), 0U);
  EXPECT_EQ(found(index, "b29", "n", "o30"), std::nullopt);
}

TEST(RuleIndexTest, WithoutRulesFindsNothing) {
  EXPECT_EQ(found(RuleIndex{{}}, "a", "b", "c"), std::nullopt);
}

TEST(RuleIndexTest, EmptyNamesAreNames) {
  const RuleIndex index{{{{""}, {""}, {""}}}};

  EXPECT_EQ(found(index, "", "", ""), 0U);
  EXPECT_EQ(found(index, "", "", "a"), std::nullopt);
}

}  // namespace
}  // namespace wapc
