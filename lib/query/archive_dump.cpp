#include "medsave/query/archive_dump.hpp"

#include "blob_prefetcher.hpp"
#include "tar_writer.hpp"
#include "zip_writer.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/go_quote.hpp"
#include "medsave/format/tree.hpp"
#include "medsave/snap/tree_prefetcher.hpp"
#include "medsave/snap/tree_walker.hpp"
#include "medsave/sys/memory.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace medsave {
namespace {

/// Announces all entries below a folder with their blobs, in the order of `ls`.
class FolderSource {
 public:
  FolderSource(const BlobReader& reader, BlobPrefetcher& blobs, const std::stop_token& stop)
      : blobs_(blobs), stop_(stop), trees_(reader, stop) {}

  void run(const std::string& folder, const Id& tree, unsigned depth) {
    const std::shared_ptr<const Tree> nodes = trees_.get(tree);
    check_stop(stop_);
    if (depth > kMaxTreeDepth) {
      throw Error(Errc::corrupt,
                  format_text(_("folders are nested deeper than {} levels"), kMaxTreeDepth));
    }
    std::vector<Id> below;
    for (const Node& node : *nodes) {
      if (node.type == NodeType::dir && node.subtree) below.push_back(*node.subtree);
    }
    trees_.prefetch(below);
    if (const std::optional<std::string> name = repeated_name(*nodes)) {
      throw Error(Errc::corrupt, format_text(_("{}: the folder lists \"{}\" twice"),
                                             folder.empty() ? "/" : folder, go_quote(*name)));
    }
    for (const Node& node : *nodes) {
      if (!is_safe_name(node.name)) {
        throw Error(Errc::corrupt, format_text(_("{}: the name \"{}\" must not occur in a folder"),
                                               folder, go_quote(node.name)));
      }
      const std::string path = folder.empty() ? node.name : folder + "/" + node.name;
      // Sockets, devices and pipes have no place in such an archive. restic writes those directly
      // in the dumped folder as empty files, and so does this, to get the same archive.
      const bool wanted = node.type == NodeType::file || node.type == NodeType::dir ||
                          node.type == NodeType::symlink || node.type == NodeType::irregular ||
                          depth == 0;
      if (wanted && !blobs_.add_entry(path, node)) return;
      if (node.type == NodeType::dir && node.subtree) run(path, *node.subtree, depth + 1);
    }
  }

 private:
  BlobPrefetcher& blobs_;
  const std::stop_token& stop_;
  TreePrefetcher trees_;
};

}  // namespace

void dump_file(const BlobReader& reader, const Node& file, const ByteSink& sink,
               const std::stop_token& stop) {
  BlobPrefetcher blobs(reader, stop);
  blobs.run([&](const std::stop_token&) { blobs.add_entry("", file); },
            [&](const BlobPrefetcher::Part& part) {
              if (!part.entry) sink(part.content);
            });
}

void dump_folder(const BlobReader& reader, const Id& tree, const std::string& path,
                 ArchiveFormat format, const ByteSink& sink, const DumpLosses& losses,
                 const std::stop_token& stop) {
  const std::unique_ptr<ArchiveWriter> archive = format == ArchiveFormat::zip
                                                     ? make_zip_writer(sink, affordable_memory())
                                                     : make_tar_writer(sink, losses.attribute);
  const std::size_t begin = path.find_first_not_of('/');
  std::string folder = begin == std::string::npos ? "" : path.substr(begin);
  while (folder.ends_with('/')) folder.pop_back();

  BlobPrefetcher blobs(reader, stop);
  blobs.run(
      [&](const std::stop_token& token) {
        FolderSource(reader, blobs, token).run(folder, tree, 0);
      },
      [&](const BlobPrefetcher::Part& part) {
        if (part.entry && part.entry->node.type == NodeType::irregular) {
          if (losses.entry) {
            losses.entry(format_text(
                _("{}: a file of unknown type cannot be written to an archive"), part.entry->path));
          }
        } else if (part.entry) {
          archive->begin_entry(part.entry->path, part.entry->node);
        } else {
          archive->write_data(part.content);
        }
      });
  archive->finish();
}

}  // namespace medsave
