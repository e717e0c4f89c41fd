#pragma once

namespace medsave {

/// Whether messages are French: for grammar that a catalogue cannot express.
bool in_french();

/// The number that the noun of "1 / 2 files" goes by: French says "1 fichier sur 2".
unsigned long noun_number(unsigned long done, unsigned long total);

}  // namespace medsave
