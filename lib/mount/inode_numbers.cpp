#include "inode_numbers.hpp"

#include "medsave/crypto/sha256.hpp"

#include <string>

namespace medsave {
namespace {

/// A permutation of all 64-bit numbers that spreads neighbours (the finalizer of splitmix64).
std::uint64_t spread(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}

/// Changes a number that is reserved: zero and that of the root.
std::uint64_t not_reserved(std::uint64_t inode) { return inode <= kRootInode ? inode + 2 : inode; }

}  // namespace

std::uint64_t layout_inode(std::string_view path, unsigned kind, const Id& tree) {
  const std::string name = tree.hex() + static_cast<char>('0' + kind) + std::string(path);
  return not_reserved(std::hash<Id>()(sha256(as_bytes(name))));
}

std::uint64_t child_inode(std::uint64_t folder, std::uint32_t index) {
  return not_reserved(spread(folder) + index);
}

std::uint64_t hard_link_inode(std::uint64_t snapshot, const Node& node) {
  return not_reserved(spread(spread(snapshot ^ node.device_id) ^ node.inode));
}

}  // namespace medsave
