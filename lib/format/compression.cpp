#include "medsave/format/compression.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <utility>

namespace medsave {

namespace {

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

struct LevelName {
  std::string_view name;
  CompressionLevel level;
};

constexpr std::array<LevelName, 5> kLevelNames = {{{"auto", CompressionLevel::automatic},
                                                   {"off", CompressionLevel::off},
                                                   {"fastest", CompressionLevel::fastest},
                                                   {"better", CompressionLevel::better},
                                                   {"max", CompressionLevel::max}}};

constexpr int kFastLevel = 1;
/// Above this level zstd takes long for data that it cannot compress, too.
constexpr int kLastCheapLevel = 3;

int zstd_level(CompressionLevel level) {
  switch (level) {
    case CompressionLevel::better:
      return 7;
    case CompressionLevel::max:
      return 15;
    default:
      return kFastLevel;
  }
}

[[noreturn]] void throw_damaged() {
  throw Error(Errc::corrupt, _("compressed content is damaged"));
}

[[noreturn]] void throw_wrong_size() {
  throw Error(Errc::corrupt, _("compressed content does not have the size it should have"));
}

}  // namespace

std::optional<CompressionLevel> parse_compression_level(std::string_view text) {
  const auto* const found = std::ranges::find(kLevelNames, text, &LevelName::name);
  if (found == kLevelNames.end()) return std::nullopt;
  return found->level;
}

struct Compressor::State {
  explicit State(CompressionLevel wanted)
      : off(wanted == CompressionLevel::off),
        level(zstd_level(wanted)),
        context(ZSTD_createCCtx()) {
    if (context == nullptr) throw std::bad_alloc();
  }

  /// Appends at most `room` bytes to `out`; false if the frame needs more.
  bool append_frame(ByteView plain, std::size_t room, int at_level, Buffer& out) const;
  [[nodiscard]] bool samples_gain(ByteView plain, std::size_t fraction);

  bool off;
  int level;
  std::unique_ptr<ZSTD_CCtx, FreeContext> context;
  Buffer sample = {};
};

bool Compressor::State::append_frame(ByteView plain, std::size_t room, int at_level,
                                     Buffer& out) const {
  // Window and checksum are right by default: no level up to 19 has a window above 8 MiB.
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, at_level);
  const std::size_t start = out.size();
  out.resize(start + room);
  const std::size_t written =
      ZSTD_compress2(context.get(), out.data() + start, room, plain.data(), plain.size());
  const bool failed = ZSTD_isError(written) != 0;
  out.resize(start + (failed ? 0 : written));
  return !failed;
}

/// Whether any of some samples from places spread over `plain` shrinks by 1/`fraction` at the fast
/// level, which unlike the negative ones also finds what only entropy coding gains.
bool Compressor::State::samples_gain(ByteView plain, std::size_t fraction) {
  constexpr std::size_t kSamples = 4;
  constexpr std::size_t kSampleSize = 8 * 1024;
  const std::size_t stretch = plain.size() / kSamples;
  if (stretch < 4 * kSampleSize) return true;  // sampling would cost as much as it saves
  std::size_t scatter = plain.size();
  for (std::size_t i = 0; i < kSamples; ++i) {
    // Not at equal distances, at which the rows of a picture repeat its black borders.
    scatter = scatter * 6364136223846793005U + 1442695040888963407U;
    const std::size_t offset = i * stretch + (scatter >> 33U) % (stretch - kSampleSize);
    sample.clear();
    const std::size_t room = kSampleSize - kSampleSize / fraction;
    if (append_frame(plain.subspan(offset, kSampleSize), room, kFastLevel, sample)) return true;
  }
  return false;
}

Compressor::Compressor(CompressionLevel level) : state_(new State(level)) {}
Compressor::~Compressor() { delete state_; }
Compressor::Compressor(Compressor&& other) noexcept
    : state_(std::exchange(other.state_, nullptr)) {}
Compressor& Compressor::operator=(Compressor&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

bool Compressor::compress(ByteView plain, Buffer& out, LeastGain least) {
  if (least == LeastGain::nothing) {
    compress_always(plain, out);
    return true;
  }
  if (state_->off || plain.size() < 2) return false;
  if (least == LeastGain::a_sixth && !state_->samples_gain(plain, 6)) return false;
  // The fast level passes over such data at more than 3 GB/s, and still finds what little can be
  // gained.
  const bool quick = state_->level > kLastCheapLevel && !state_->samples_gain(plain, 128);
  return state_->append_frame(plain, plain.size() - 1, quick ? kFastLevel : state_->level, out);
}

void Compressor::compress_always(ByteView plain, Buffer& out) {
  if (!state_->append_frame(plain, ZSTD_compressBound(plain.size()), state_->level, out)) {
    throw Error(Errc::internal, _("zstd could not compress"));
  }
}

struct Decompressor::State {
  State() : context(ZSTD_createDCtx()) {
    if (context == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, 27);
  }

  std::unique_ptr<ZSTD_DCtx, FreeContext> context;
};

Decompressor::Decompressor() : state_(new State) {}
Decompressor::~Decompressor() { delete state_; }
Decompressor::Decompressor(Decompressor&& other) noexcept
    : state_(std::exchange(other.state_, nullptr)) {}
Decompressor& Decompressor::operator=(Decompressor&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

void Decompressor::decompress_exactly(ByteView frames, std::size_t size, Buffer& out) {
  // A block takes at least four bytes and yields at most 128 KiB, so a size that the frames
  // cannot reach is found before memory is taken for it.
  constexpr std::size_t kBlockMinimum = 4;
  constexpr std::size_t kBlockContent = 128 * 1024;
  // Long lists of files shrink to a twentieth; a much higher ratio is the work of an attacker.
  constexpr std::size_t kAnyGain = 64ULL << 20U;
  constexpr std::size_t kMostGain = 1024;
  out.clear();
  if (frames.empty()) throw_damaged();
  if (size / kBlockContent > frames.size() / kBlockMinimum) throw_wrong_size();
  if (size > kAnyGain && size / kMostGain > frames.size()) {
    throw Error(Errc::corrupt,
                format_text(_("{} bytes of compressed content are said to be {}, which cannot be "
                              "sound"),
                            frames.size(), size));
  }
  out.reserve(size);
  out.resize(size);
  const std::size_t written =
      ZSTD_decompressDCtx(state_->context.get(), out.data(), size, frames.data(), frames.size());
  const bool failed = ZSTD_isError(written) != 0;
  if (!failed && written == size) return;
  out.clear();
  if (!failed || ZSTD_getErrorCode(written) == ZSTD_error_dstSize_tooSmall) throw_wrong_size();
  throw_damaged();
}

void Decompressor::decompress_bounded(ByteView frames, std::size_t limit, Buffer& out) {
  out.clear();
  if (frames.empty()) throw_damaged();
  ZSTD_DCtx* const context = state_->context.get();
  ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
  ZSTD_inBuffer in = {frames.data(), frames.size(), 0};
  std::size_t filled = 0;
  std::size_t pending = 1;  // zero at the end of a frame
  std::size_t room = std::max<std::size_t>(4 * frames.size(), 4096);
  while (in.pos < in.size || pending != 0) {
    // One byte more than the limit, to see whether the content is longer.
    if (filled == out.size()) {
      if (filled > limit) break;
      out.resize(std::min(limit, std::max(room, 2 * filled)) + 1);
    }
    ZSTD_outBuffer output = {out.data() + filled, out.size() - filled, 0};
    const std::size_t before = in.pos;
    pending = ZSTD_decompressStream(context, &output, &in);
    if (ZSTD_isError(pending) != 0) break;
    filled += output.pos;
    const bool stalled = output.pos == 0 && in.pos == before;
    if (stalled && pending != 0) break;  // the frames end too early
  }
  out.resize(filled);
  if (filled > limit) {
    out.clear();
    throw Error(Errc::corrupt, _("content is larger than it can be"));
  }
  if (pending != 0) {
    out.clear();
    throw_damaged();
  }
}

}  // namespace medsave
