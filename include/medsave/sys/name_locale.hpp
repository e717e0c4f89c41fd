#pragma once

#include <memory>
#include <string_view>

namespace medsave {

/// Names are bytes here, but libraries mark them as UTF-8 by the locale alone: so they see one that
/// fits the name, whatever the process runs in. Of this thread, as long as it lives.
class NameLocale {
 public:
  NameLocale();
  ~NameLocale();
  NameLocale(const NameLocale&) = delete;
  NameLocale& operator=(const NameLocale&) = delete;

  void fit(std::string_view name) const;

 private:
  struct Locales;
  std::unique_ptr<const Locales> locales_;
};

}  // namespace medsave
