#include "medsave/format/index_file.hpp"
#include "medsave/format/time_text.hpp"
#include "medsave/format/tree.hpp"
#include "medsave/format/tree_decode.hpp"
#include "medsave/format/tree_encode.hpp"

#include <benchmark/benchmark.h>

namespace medsave {
namespace {

class Generator {
 public:
  std::uint64_t operator()() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return state_ >> 16U;
  }
  Id id() {
    Id id;
    for (std::byte& byte : id.bytes()) byte = static_cast<std::byte>((*this)());
    return id;
  }

 private:
  std::uint64_t state_ = 1;
};

/// A folder of letters as a practice has them: one blob each, written over ten years.
Tree letters(std::size_t count) {
  Generator random;
  Tree tree;
  for (std::size_t i = 0; i < count; ++i) {
    Node& node = tree.emplace_back();
    node.name = "letter-" + std::to_string(100'000 + i) + ".txt";
    node.mode = 0644;
    node.mtime = {static_cast<std::int64_t>(1'400'000'000 + random() % 315'360'000),
                  static_cast<std::uint32_t>(random() % 1'000'000'000)};
    node.atime = node.mtime;
    node.ctime = {node.mtime.seconds + 1, node.mtime.nanoseconds};
    node.uid = 1000;
    node.gid = 1000;
    node.user = "practice";
    node.group = "practice";
    node.inode = 5'611'529 + i;
    node.device_id = 65024;
    node.size = random() % 100'000;
    node.links = 1;
    node.content = {random.id()};
    node.content_is_null = false;
  }
  return tree;
}

void count_text(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void encode_letters(benchmark::State& state) {
  const Tree tree = letters(10'000);
  std::size_t size = 0;
  for (auto _ : state) {
    const std::string text = encode_tree(tree);
    size = text.size();
    benchmark::DoNotOptimize(text.data());
  }
  count_text(state, size);
}

void decode_letters(benchmark::State& state) {
  const std::string text = encode_tree(letters(10'000));
  for (auto _ : state) {
    const Tree tree = decode_tree(text);
    benchmark::DoNotOptimize(tree.data());
  }
  count_text(state, text.size());
}

std::vector<IndexedPack> packs(std::size_t count) {
  Generator random;
  std::vector<IndexedPack> packs(count);
  for (IndexedPack& pack : packs) {
    pack.pack = random.id();
    std::uint32_t offset = 0;
    for (int i = 0; i < 500; ++i) {
      const auto length = static_cast<std::uint32_t>(100 + random() % 60'000);
      pack.blobs.push_back({BlobKind::data, random.id(), offset, length, 2 * length});
      offset += length;
    }
  }
  return packs;
}

void encode_blobs(benchmark::State& state) {
  const std::vector<IndexedPack> index = packs(100);
  for (auto _ : state) benchmark::DoNotOptimize(encode_index(index).data());
  count_text(state, encode_index(index).size());
  state.SetItemsProcessed(state.iterations() * 50'000);
}

void decode_blobs(benchmark::State& state) {
  const std::string text = encode_index(packs(100));
  for (auto _ : state) {
    std::size_t blobs = 0;
    decode_index(text, [&blobs](IndexedPack& pack) { blobs += pack.blobs.size(); });
    benchmark::DoNotOptimize(blobs);
  }
  count_text(state, text.size());
  state.SetItemsProcessed(state.iterations() * 50'000);
}

void write_times(benchmark::State& state) {
  Generator random;
  std::string out;
  for (auto _ : state) {
    out.clear();
    append_time(out,
                {static_cast<std::int64_t>(1'400'000'000 + random() % 315'360'000), 123456789});
    benchmark::DoNotOptimize(out.data());
  }
}

void read_times(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(parse_time("2026-11-22T04:52:09.139192825+01:00"));
  }
}

BENCHMARK(encode_letters);
BENCHMARK(decode_letters);
BENCHMARK(encode_blobs);
BENCHMARK(decode_blobs);
BENCHMARK(write_times);
BENCHMARK(read_times);

}  // namespace
}  // namespace medsave

BENCHMARK_MAIN();
