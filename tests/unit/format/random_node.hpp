#pragma once

#include "medsave/format/node.hpp"

#include <random>
#include <string>

namespace medsave::test {

using Generator = std::mt19937_64;

inline std::uint64_t pick(Generator& random, std::uint64_t bound) { return random() % bound; }

inline std::string random_bytes(Generator& random, std::size_t max) {
  std::string out(pick(random, max + 1), '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

/// Valid UTF-8 with everything that needs an escape.
inline std::string random_text(Generator& random) {
  static const std::string kPieces[] = {"a",      "B",      "ö",    "\"", "\\", "\n", "<&>", " ",
                                        "\u2028", "\u00a0", "\x01", "€",  "😀",  "/",  "\x7f"};
  std::string out;
  for (std::uint64_t n = pick(random, 12); n > 0; --n) out += kPieces[pick(random, 15)];
  return out;
}

inline Id random_id(Generator& random) {
  Id id;
  for (std::byte& byte : id.bytes()) byte = static_cast<std::byte>(random());
  return id;
}

inline Timestamp random_time(Generator& random) {
  // Years 1 to 9998.
  return {static_cast<std::int64_t>(pick(random, 315'500'000'000)) - 62'100'000'000,
          static_cast<std::uint32_t>(pick(random, 1'000'000'000))};
}

inline std::uint64_t sometimes(Generator& random) {
  return pick(random, 2) == 0 ? 0 : random() >> pick(random, 64);
}

inline Node random_node(Generator& random) {
  Node node;
  node.name = random_bytes(random, 40);
  node.type = static_cast<NodeType>(pick(random, 8));
  node.mode = static_cast<std::uint32_t>(sometimes(random));
  node.mtime = random_time(random);
  node.atime = pick(random, 2) == 0 ? node.mtime : random_time(random);
  node.ctime = random_time(random);
  node.uid = static_cast<std::uint32_t>(random());
  node.gid = static_cast<std::uint32_t>(sometimes(random));
  node.user = random_text(random);
  node.group = random_text(random);
  node.inode = sometimes(random);
  node.device_id = sometimes(random);
  node.size = sometimes(random);
  node.links = sometimes(random);
  node.link_target = random_bytes(random, 20);
  for (std::uint64_t n = pick(random, 3); n > 0; --n) {
    node.extended_attributes.push_back({random_text(random), random_bytes(random, 30)});
  }
  if (pick(random, 4) == 0) node.generic_attributes = R"({"a.b":{"c":[1,2.5e3,null]}})";
  node.device = sometimes(random);
  for (std::uint64_t n = pick(random, 4); n > 0; --n) node.content.push_back(random_id(random));
  node.content_is_null = node.content.empty() && pick(random, 2) == 0;
  if (pick(random, 2) == 0) node.subtree = random_id(random);
  node.error = random_text(random);
  if (pick(random, 4) == 0) node.unknown_fields = R"(,"new":[true,{"x":"y"}],"other":-1e2)";
  return node;
}

}  // namespace medsave::test
