#pragma once

#include "medsave/base/error.hpp"

#include <string>

namespace medsave::cli {

/// `why` a file that `option` ("--exclude-file") names could not be read, with the option's name,
/// since nobody thinks of a list of patterns when a backup says "cannot open list", and with the
/// word that nothing was done. Such files are read before a command does anything.
Error unusable_file(const std::string& file, const std::string& option, const Error& why);

}  // namespace medsave::cli
