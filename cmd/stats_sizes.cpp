#include "stats_sizes.hpp"

#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/query/size_histogram.hpp"
#include "medsave/repo/index.hpp"
#include "medsave/repo/reliable_index.hpp"
#include "medsave/ui/table.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

namespace medsave::cli {
namespace {

void print_json(std::string_view group, std::string_view kind, const SizeHistogram& sizes,
                Context& context) {
  std::string classes;
  for (const SizeHistogram::Class& each : sizes.classes()) {
    classes += (classes.empty() ? "" : ",") + JsonObject()
                                                  .add("least", each.least)
                                                  .add("most", each.most)
                                                  .add("count", each.count)
                                                  .text();
  }
  context.report(JsonObject("sizes")
                     .add("group", group)
                     .add("kind", kind)
                     .add("count", sizes.count())
                     .add("total_size", sizes.total())
                     .add_json("classes", "[" + classes + "]"));
}

void print_text(const std::string& heading, const SizeHistogram& sizes, Context& context) {
  Console& out = context.console;
  out.tell(heading);
  out.tell(format_text(_("Count: {}"), sizes.count()));
  if (sizes.count() == 0) return;
  out.tell(format_text(_("Total Size: {}"), format_size(sizes.total())));
  Table table;
  table.add_column({.heading = _("Size"), .right = true});
  table.add_column({.heading = _("Count"), .right = true});
  for (const SizeHistogram::Class& each : sizes.classes()) {
    table.add_row(
        {format_text(_("{} - {} Byte"), each.least, each.most), fmt::format("{}", each.count)});
  }
  context.print(table);
}

}  // namespace

void print_size_statistics(const OpenedRepository& opened, Context& context) {
  const Repository& repository = opened.repository();
  context.info(_("Collecting size statistics"));
  constexpr std::array kKinds = {std::pair(FileKind::key, "key"), std::pair(FileKind::lock, "lock"),
                                 std::pair(FileKind::index, "index"),
                                 std::pair(FileKind::snapshot, "snapshot"),
                                 std::pair(FileKind::pack, "data")};
  const bool own_words = context.identity == Identity::medsave;
  for (const auto& [kind, name] : kKinds) {
    SizeHistogram sizes;
    for (const ListedFile& file : repository.backend().list(kind)) sizes.add(file.size);
    if (context.global.json) {
      print_json("file", name, sizes, context);
    } else {
      print_text(format_text(_("File Type: {}"), own_words ? file_kind_name(kind) : name), sizes,
                 context);
    }
  }
  const auto index = load_readable_index(repository, context.notices(), opened.stop());
  SizeHistogram data;
  SizeHistogram trees;
  index->for_each_pack([&](const PackSummary&, const std::vector<PackEntry>& entries) {
    for (const PackEntry& entry : entries) {
      (entry.kind == BlobKind::data ? data : trees).add(entry.stored_length);
    }
  });
  for (const auto& [name, sizes] : {std::pair(N_("data"), &data), std::pair(N_("tree"), &trees)}) {
    if (context.global.json) {
      print_json("blob", name, *sizes, context);
    } else {
      print_text(format_text(_("Blob Type: {}"), _(name)), *sizes, context);
    }
  }
}

}  // namespace medsave::cli
