#include "medsave/base/closest_name.hpp"

#include <algorithm>
#include <cstddef>

namespace medsave {
namespace {

/// Optimal string alignment: how many letters differ, an exchange of two neighbours counting once.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replaced});
      const bool exchanged = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (exchanged) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::string closest_name(std::string_view word, const std::vector<std::string>& names) {
  constexpr std::size_t kLongest = 64;  // longer words are no slip
  if (word.empty() || word.size() > kLongest) return {};
  std::string best;
  std::size_t least = std::min<std::size_t>(2, (word.size() - 1) / 2) + 1;
  for (const std::string& name : names) {
    const std::size_t letters = distance(word, name);
    if (letters >= least) continue;
    least = letters;
    best = name;
  }
  return best;
}

}  // namespace medsave
