#include "unique_names.hpp"

#include "config_values.hpp"

#include "medsave/base/folding.hpp"
#include "medsave/base/text.hpp"

namespace medsave {

void UniqueNames::add(const std::string& name, TableReader& table, std::string_view key) {
  if (name.empty()) return;
  const ConfigPlace place = table.place_of(key);
  const auto [known, added] = first_.try_emplace(folded(name), place);
  if (added) return;
  table.problem(key,
                {.code = "config_duplicate_name",
                 .message = format_text(_("the name \"{}\" is taken, in line {}; case and "
                                          "accents alone do not tell names apart"),
                                        name, known->second.line)},
                place);
}

void read_name(TableReader& table, std::string_view heading, std::string& name,
               UniqueNames& names) {
  table.text("name", name, check_name);
  if (!table.has("name")) {
    table.missing("name", format_text(_("[[{}]] must have \"{}\""), heading, "name"));
  }
  names.add(name, table, "name");
}

}  // namespace medsave
