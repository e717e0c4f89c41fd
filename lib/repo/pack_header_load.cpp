#include "medsave/repo/pack_header_load.hpp"

#include "damage.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/seal.hpp"

#include <algorithm>

namespace medsave {
namespace {

// The length of most headers, so that one request is enough for them.
constexpr std::uint64_t kHeaderGuess = 16ULL << 10U;

std::vector<PackEntry> load_header(const Repository& repository, const ListedFile& pack) {
  const FileRef file{.kind = FileKind::pack, .id = pack.id};
  if (pack.size < kMinPack) throw Error(Errc::corrupt, _("the file is too short"));
  Backend& backend = repository.backend();
  const std::uint64_t guess = std::min(pack.size, kHeaderGuess);
  Buffer tail;
  backend.load_range(file, pack.size - guess, guess, tail);
  const std::uint64_t length = load_le32(tail.data() + guess - kPackLengthField);
  if (length < kSealOverhead || length > pack.size - kPackLengthField || length > kMaxPackHeader) {
    throw Error(Errc::corrupt, _("the length of its header is wrong"));
  }
  const std::uint64_t blobs = pack.size - kPackLengthField - length;
  if (length + kPackLengthField > guess) {
    backend.load_range(file, blobs, length + kPackLengthField, tail);
  }
  Buffer header;
  open_sealed(repository.key(), tail.view().last(length + kPackLengthField).first(length), header);
  std::vector<PackEntry> entries = decode_pack_header(header.view(), blobs);
  const bool compressed = std::any_of(entries.begin(), entries.end(),
                                      [](const PackEntry& e) { return e.compressed(); });
  if (compressed && repository.config().version < 2) {
    throw Error(Errc::corrupt, _("it lists compressed blobs, which a repository of version 1 "
                                 "cannot have"));
  }
  return entries;
}

}  // namespace

std::vector<PackEntry> load_pack_header(const Repository& repository, const ListedFile& pack) {
  // Damage in transit cannot be told from damage of the file, so the header is read up to three
  // times.
  constexpr int kReadings = 3;
  for (int reading = 1;; ++reading) {
    try {
      return load_header(repository, pack);
    } catch (const Error& e) {
      if (e.code() != Errc::corrupt) throw;
      if (reading < kReadings) continue;
      throw damaged({.kind = FileKind::pack, .id = pack.id}, e.what());
    }
  }
}

}  // namespace medsave
