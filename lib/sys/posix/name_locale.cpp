#include "medsave/sys/name_locale.hpp"

#include "medsave/base/encoding.hpp"

#include <locale.h>

namespace medsave {

struct NameLocale::Locales {
  locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  locale_t plain = ::newlocale(LC_CTYPE_MASK, "C", nullptr);
  locale_t before = ::uselocale(nullptr);
};

NameLocale::NameLocale() : locales_(std::make_unique<const Locales>()) {}

NameLocale::~NameLocale() {
  ::uselocale(locales_->before);
  for (const locale_t locale : {locales_->utf8, locales_->plain}) {
    if (locale != nullptr) ::freelocale(locale);
  }
}

void NameLocale::fit(std::string_view name) const {
  const locale_t fitting = is_utf8(name) ? locales_->utf8 : locales_->plain;
  if (fitting != nullptr) ::uselocale(fitting);
}

}  // namespace medsave
