#include "medsave/format/repo_config.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/json/json_reader.hpp"
#include "medsave/json/json_writer.hpp"

namespace medsave {

std::string encode_repo_config(const RepoConfig& config) {
  std::string out = R"({"version":)";
  append_json_number(out, config.version);
  out += R"(,"id":)";
  append_json_string(out, config.id);
  out += R"(,"chunker_polynomial":)";
  append_json_string(out, config.chunker_polynomial);
  out += '}';
  return out;
}

RepoConfig decode_repo_config(std::string_view json) {
  JsonReader in(json);
  RepoConfig config;
  bool has_version = false;
  in.enter_object();
  while (in.next_member()) {
    const std::string_view key = in.key();
    if (key == "version") {
      config.version = in.integer<std::uint32_t>();
      has_version = true;
    } else if (key == "id") {
      config.id = in.id().hex();  // becomes a directory's name: nothing but digits may pass
    } else if (key == "chunker_polynomial") {
      config.chunker_polynomial = in.string();
    } else {
      in.skip();
    }
  }
  in.finish();
  if (!has_version) throw_missing_field("version");
  if (config.version < 1 || config.version > 2) {
    throw Error(Errc::unsupported,
                format_text(_("the repository has format version {}; this program knows versions 1 "
                              "and 2, a newer one may know more"),
                            config.version));
  }
  if (config.id.empty()) throw_missing_field("id");
  if (config.chunker_polynomial.empty()) throw_missing_field("chunker_polynomial");
  return config;
}

}  // namespace medsave
