#include "medsave/format/index_file.hpp"

#include "medsave/json/json_reader.hpp"
#include "medsave/json/json_writer.hpp"

namespace medsave {

namespace {

void append_blob(std::string& out, const PackEntry& blob) {
  out += R"({"id":)";
  append_json_id(out, blob.id);
  out +=
      blob.kind == BlobKind::tree ? R"(,"type":"tree","offset":)" : R"(,"type":"data","offset":)";
  append_json_number(out, blob.offset);
  out += R"(,"length":)";
  append_json_number(out, blob.stored_length);
  if (blob.compressed()) {
    out += R"(,"uncompressed_length":)";
    append_json_number(out, blob.plain_length);
  }
  out += '}';
}

void append_pack(std::string& out, const IndexedPack& pack) {
  out += R"({"id":)";
  append_json_id(out, pack.pack);
  out += R"(,"blobs":[)";
  bool first = true;
  for (const PackEntry& blob : pack.blobs) {
    if (!first) out += ',';
    first = false;
    append_blob(out, blob);
  }
  out += "]}";
}

BlobKind decode_kind(JsonReader& in) {
  const std::string_view name = in.string();
  if (name == "data") return BlobKind::data;
  if (name != "tree") in.bad_value();
  return BlobKind::tree;
}

void decode_blob(JsonReader& in, PackEntry& blob) {
  bool has_id = false;
  bool has_type = false;
  bool has_length = false;
  in.enter_object();
  while (in.next_member()) {
    const std::string_view key = in.key();
    if (key == "id") {
      blob.id = in.id();
      has_id = true;
    } else if (key == "type") {
      blob.kind = decode_kind(in);
      has_type = true;
    } else if (key == "offset") {
      blob.offset = in.integer<std::uint32_t>();
    } else if (key == "length") {
      blob.stored_length = in.integer<std::uint32_t>();
      if (blob.stored_length < kSealOverhead) in.bad_value();
      has_length = true;
    } else if (key == "uncompressed_length") {
      blob.plain_length = in.integer<std::uint32_t>();
    } else {
      in.skip();
    }
  }
  if (!has_id) throw_missing_field("id");
  if (!has_type) throw_missing_field("type");
  if (!has_length) throw_missing_field("length");
}

void decode_pack(JsonReader& in, IndexedPack& pack) {
  bool has_id = false;
  pack.blobs.clear();
  in.enter_object();
  while (in.next_member()) {
    if (in.key() == "id") {
      pack.pack = in.id();
      has_id = true;
    } else if (in.key() == "blobs") {
      pack.blobs.clear();
      if (in.take_null()) continue;
      in.enter_array();
      while (in.next_element()) decode_blob(in, pack.blobs.emplace_back());
    } else {
      in.skip();
    }
  }
  if (!has_id) throw_missing_field("id");
}

}  // namespace

std::string encode_index(const std::vector<IndexedPack>& packs) {
  std::size_t blobs = 0;
  for (const IndexedPack& pack : packs) blobs += pack.blobs.size();
  std::string out;
  out.reserve(packs.size() * 100 + blobs * 160 + 16);
  out += R"({"packs":[)";
  bool first = true;
  for (const IndexedPack& pack : packs) {
    if (!first) out += ',';
    first = false;
    append_pack(out, pack);
  }
  out += "]}\n";
  return out;
}

void decode_index(std::string_view json, const std::function<void(IndexedPack& pack)>& on_pack) {
  JsonReader in(json);
  IndexedPack pack;
  bool has_packs = false;
  in.enter_object();
  while (in.next_member()) {
    if (in.key() != "packs") {
      in.skip();
      continue;
    }
    has_packs = true;
    if (in.take_null()) continue;
    in.enter_array();
    while (in.next_element()) {
      decode_pack(in, pack);
      on_pack(pack);
    }
  }
  in.finish();
  if (!has_packs) throw_missing_field("packs");
}

}  // namespace medsave
