#include "medsave/crypto/kdf.hpp"
#include "medsave/crypto/key.hpp"
#include "medsave/crypto/seal.hpp"
#include "medsave/crypto/sha256.hpp"

#include <benchmark/benchmark.h>

namespace medsave {
namespace {

constexpr std::size_t kTotal = 64 << 20;  // walked through, so that the caches do not flatter

Buffer random_bytes(std::size_t size) {
  Buffer data(size);
  system_random().fill(data.writable());
  return data;
}

void hash(benchmark::State& state) {
  const Buffer data = random_bytes(kTotal);
  const auto size = static_cast<std::size_t>(state.range());
  std::size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(sha256(data.view().subspan(at, size)));
    at = at + 2 * size <= kTotal ? at + size : 0;
  }
  state.SetBytesProcessed(state.iterations() * state.range());
}

void seal_blobs(benchmark::State& state) {
  const Buffer data = random_bytes(kTotal);
  const auto size = static_cast<std::size_t>(state.range());
  const Key key = Key::generate(system_random());
  Buffer out;
  out.reserve(16 << 20);
  std::size_t at = 0;
  for (auto _ : state) {
    if (out.size() + size + kSealOverhead > out.capacity()) out.clear();
    seal(key, data.view().subspan(at, size), out, system_random());
    at = at + 2 * size <= kTotal ? at + size : 0;
  }
  state.SetBytesProcessed(state.iterations() * state.range());
}

void open_blobs(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range());
  const Key key = Key::generate(system_random());
  Buffer sealed;
  sealed.reserve(kTotal);
  const Buffer data = random_bytes(size);
  while (sealed.size() + size + kSealOverhead <= kTotal) {
    seal(key, data.view(), sealed, system_random());
  }
  Buffer plain;
  std::size_t at = 0;
  const std::size_t step = size + kSealOverhead;
  for (auto _ : state) {
    open_sealed(key, sealed.view().subspan(at, step), plain);
    at = at + 2 * step <= sealed.size() ? at + step : 0;
  }
  state.SetBytesProcessed(state.iterations() * state.range());
}

void derive(benchmark::State& state) {
  const Buffer salt = random_bytes(kSaltSize);
  for (auto _ : state) {
    benchmark::DoNotOptimize(derive_key("password", salt.view(), KdfParams{}).serial());
  }
}

BENCHMARK(hash)->Arg(512)->Arg(4 << 10)->Arg(1 << 20);
BENCHMARK(seal_blobs)->Arg(512)->Arg(4 << 10)->Arg(64 << 10)->Arg(1 << 20);
BENCHMARK(open_blobs)->Arg(512)->Arg(4 << 10)->Arg(64 << 10)->Arg(1 << 20);
BENCHMARK(derive)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace medsave

BENCHMARK_MAIN();
