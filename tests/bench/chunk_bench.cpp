#include "medsave/chunk/chunker.hpp"

#include <benchmark/benchmark.h>

namespace medsave {
namespace {

/// Bytes nobody can predict, without the crypto area: a linear congruential generator.
Buffer random_bytes(std::size_t size) {
  Buffer data(size);
  std::uint64_t state = 1;
  for (std::byte& b : data.writable()) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    b = static_cast<std::byte>(state >> 56U);
  }
  return data;
}

void cut_all(benchmark::State& state, const Buffer& data) {
  const Chunker chunker(*Polynomial::from_bits(0x2ee6b31461bc57));
  for (auto _ : state) {
    for (ByteView rest = data.view(); !rest.empty();) {
      std::size_t scanned = 0;
      rest = rest.subspan(chunker.next_cut(rest, true, scanned));
      benchmark::DoNotOptimize(rest);
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(data.size()));
}

void chunk_random(benchmark::State& state) { cut_all(state, random_bytes(64 << 20)); }

void chunk_constant(benchmark::State& state) {
  Buffer data(64 << 20);
  for (std::byte& b : data.writable()) b = std::byte{0xff};
  cut_all(state, data);
}

/// Every byte scanned: what the chunker does past the first 512 KiB of a chunk.
void scan_random(benchmark::State& state) {
  const Chunker chunker(*Polynomial::from_bits(0x2ee6b31461bc57));
  const Buffer data = random_bytes(kMaxChunk);
  std::int64_t bytes = 0;
  for (auto _ : state) {
    for (std::size_t scanned = 0; scanned < data.size();) {
      const std::size_t before = std::max(scanned, kMinChunk);
      const std::size_t cut = chunker.next_cut(data.view(), true, scanned);
      bytes += static_cast<std::int64_t>(cut - before);
      scanned = cut;
    }
  }
  state.SetBytesProcessed(bytes);
}

BENCHMARK(chunk_random);
BENCHMARK(chunk_constant);
BENCHMARK(scan_random);

}  // namespace
}  // namespace medsave

BENCHMARK_MAIN();
