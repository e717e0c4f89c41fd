#include "option_file.hpp"

#include "medsave/base/text.hpp"

namespace medsave::cli {

Error unusable_file(const std::string& file, const std::string& option, const Error& why) {
  if (why.code() == Errc::not_found) {
    return {why.code(),
            format_text(_("the file {} of {} does not exist; nothing was done. Check its name."),
                        file, option, why.what())};
  }
  return {why.code(), format_text(_("{} (the file of {}); nothing was done"), why.what(), option)};
}

}  // namespace medsave::cli
