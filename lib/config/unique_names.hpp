#pragma once

#include "table_reader.hpp"

#include <map>
#include <string>
#include <string_view>

namespace medsave {

/// Finds what is there twice. Names that differ in case, accents or the form of their accents alone
/// are one: people take them for each other, and some drives do, too.
class UniqueNames {
 public:
  /// `table`: where `name` is the value of `key`. An empty name is none.
  void add(const std::string& name, TableReader& table, std::string_view key);

 private:
  std::map<std::string, ConfigPlace> first_ = {};
};

/// The key "name", which each [[heading]] must have.
void read_name(TableReader& table, std::string_view heading, std::string& name, UniqueNames& names);

}  // namespace medsave
