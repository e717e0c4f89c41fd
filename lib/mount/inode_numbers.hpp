#pragma once

#include "medsave/base/id.hpp"
#include "medsave/format/node.hpp"

#include <cstdint>
#include <string_view>

namespace medsave {

/// Inode numbers follow from where something stands, so they are the same at every mount.
inline constexpr std::uint64_t kRootInode = 1;

std::uint64_t layout_inode(std::string_view path, unsigned kind, const Id& tree);

/// Of the entry at place `index` in a folder. They count up in the order of the folder: programs
/// that visit files by inode number then go through the packs in the order they were written in.
std::uint64_t child_inode(std::uint64_t folder, std::uint32_t index);

/// What stat shows for a file with several names: one number for all of them in a snapshot, whose
/// folder has the number `snapshot`.
std::uint64_t hard_link_inode(std::uint64_t snapshot, const Node& node);

}  // namespace medsave
