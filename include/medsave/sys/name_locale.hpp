#pragma once

#include <memory>
#include <string_view>

namespace medsave {

/// Gives this thread a locale that fits a name, as long as the object lives: libraries mark names,
/// which are bytes here, as UTF-8 by the locale alone.
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
