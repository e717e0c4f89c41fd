#pragma once

#include <string_view>

namespace medsave {

/// Whether messages are French: for grammar that a catalogue cannot express.
bool in_french();

/// The number that the noun of "1 / 2 files" goes by: French says "1 fichier sur 2".
unsigned long noun_number(unsigned long done, unsigned long total);

/// The number that words go by which follow "1,5 Gio" or "99,7 %", as shown: the whole ones, since
/// French says "1,9 Gio lu".
unsigned long noun_number(std::string_view shown);

}  // namespace medsave
