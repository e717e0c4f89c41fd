#pragma once

#include "medsave/base/error.hpp"

namespace medsave {

/// An Error whose message has several lines. Every other message is shown on one line, whatever
/// names are in it: names in this one must not bring newlines of their own.
class ErrorInLines : public Error {
 public:
  using Error::Error;
};

}  // namespace medsave
