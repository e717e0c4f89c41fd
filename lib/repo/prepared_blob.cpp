#include "medsave/repo/prepared_blob.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <cstdint>
#include <limits>

namespace medsave {
namespace {

// The compressed form of data that does not shrink is a little longer than the data.
constexpr std::size_t kMaxPlain = std::numeric_limits<std::uint32_t>::max() - (32U << 20U);

}  // namespace

void check_blob_size(const BlobRef& blob, ByteView plain) {
  if (plain.empty()) throw Error(Errc::internal, _("an empty blob cannot be stored"));
  if (plain.size() > kMaxPlain) {
    throw Error(Errc::unsupported,
                format_text(_("blob {} is too large ({} bytes) for the repository format"),
                            blob.id.short_hex(), plain.size()));
  }
}

PreparedBlob BlobPreparer::prepare(const BlobRef& blob, ByteView plain,
                                   std::optional<LeastGain> least, Buffer& frame) {
  check_blob_size(blob, plain);
  frame.clear();
  if (!least) return {.ref = blob, .plain = plain};
  frame.reserve(plain.size());  // else growing would allocate twice as much
  if (blob.kind == BlobKind::data) {
    compressor_.compress(plain, frame, *least);
  } else {
    compressor_.compress_always(plain, frame);
  }
  return {.ref = blob, .plain = plain, .frame = frame.view()};
}

}  // namespace medsave
