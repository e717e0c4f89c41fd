#pragma once

namespace medsave {

/// Whether Go's strconv.Quote leaves the code point as it is (apart from '"' and '\\').
bool go_printable(char32_t code_point);

}  // namespace medsave
