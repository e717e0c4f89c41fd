#include "medsave/sys/glob.hpp"

#include <fnmatch.h>

namespace medsave {

bool fits_pattern(const std::string& pattern, const std::string& name) {
  return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

}  // namespace medsave
